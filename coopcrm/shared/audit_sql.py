# ruff: noqa: S608 - the words are our own; what comes from outside travels as a parameter
"""The ledger's functions in PostgreSQL. They belong to the owner and run with the owner's rights; nobody else writes.

``{base}`` is what a transaction's number is raised by, so that positions go on rising after a dump was restored into
a new server, whose transaction numbers start anew.
"""

from __future__ import annotations

# The first transaction that may still write here: the oldest that is open, but for those known to be of other databases
# of the server. What cannot be told (ended in this moment, prepared) counts as open.
POSITION_OF_OPEN = """({base} + (
        SELECT least(
            min(x.xid::text::bigint),
            pg_current_xact_id_if_assigned()::text::bigint,
            min(pg_snapshot_xmax(s.now)::text::bigint)
        )
        FROM (SELECT pg_current_snapshot() AS now) s
        LEFT JOIN LATERAL (
            SELECT xid FROM pg_snapshot_xip(s.now) AS xid WHERE NOT EXISTS (
                SELECT 1 FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
                WHERE l.locktype = 'transactionid' AND l.mode = 'ExclusiveLock' AND l.granted
                    AND l.transactionid::text::bigint = xid::text::bigint % 4294967296
                    AND a.datname <> current_database()
            )
        ) x ON true
    ))"""

# Text of an entry as it is sealed, one field a line; no field holds a line end (coopcrm_ledger_plain).
LINES_OF_ENTRY = """concat_ws(E'\\n', e.id, (extract(epoch FROM e.at) * 1000000)::bigint, e.position, e.deed,
    e.table_name, e.key, coalesce(e.subject_id::text, ''), coalesce(e.actor_id::text, ''), e.actor_name, e.request_id,
    e.db_user, e.purpose, e.outcome, encode(e.digest, 'hex'))"""
LEAF_OF_ENTRY = f"substr(sha256(convert_to({LINES_OF_ENTRY}, 'UTF8')), 1, 16)"
DIGEST_OF_PAYLOAD = "sha256(convert_to(concat({old}, E'\\n', {new}), 'UTF8'))"

_SECURE = "SECURITY DEFINER SET search_path = pg_catalog, pg_temp"

_COLUMNS = (
    "position, deed, table_name, key, subject_id, old, new, actor_id, actor_name, request_id, db_user, purpose,"
    " outcome, digest"
)
_WHO = """nullif(current_setting('coopcrm.actor', true), '')::bigint,
        public.coopcrm_ledger_plain(current_setting('coopcrm.actor_name', true), 100),
        public.coopcrm_ledger_plain(current_setting('coopcrm.request', true), 64), session_user"""

PLAIN = """
CREATE OR REPLACE FUNCTION coopcrm_ledger_plain(given text, most int) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce(left(translate(given, E'\\n\\r', '  '), most), '');
"""

CHANGE = f"""
CREATE OR REPLACE FUNCTION coopcrm_ledger_change() RETURNS trigger
LANGUAGE plpgsql {_SECURE} AS $$
DECLARE
    was json;
    becomes json;
    whole json;
    named text;
    subject bigint;
BEGIN
    -- arguments: column of the key, column of the person in the registry or '', columns whose content is secret
    IF TG_OP = 'INSERT' THEN  -- a table that migrate has not given coopcrm_ledger_insert yet
        becomes := to_json(NEW);
        whole := becomes;
    ELSIF TG_OP = 'DELETE' THEN
        was := to_json(OLD);
        whole := was;
    ELSE
        whole := to_json(NEW);
        SELECT json_object_agg(c.name, c.old_value), json_object_agg(c.name, c.new_value) INTO was, becomes
        FROM ROWS FROM (json_each(to_json(OLD)), json_each(whole)) AS c(name, old_value, same, new_value)
        WHERE c.old_value::text IS DISTINCT FROM c.new_value::text;
        IF becomes IS NULL THEN
            RETURN NULL;
        END IF;
    END IF;
    IF TG_ARGV[0] = 'id' AND TG_OP <> 'DELETE' THEN  -- cheaper than reading the JSON through
        named := NEW.id;
    ELSE
        named := whole ->> TG_ARGV[0];
    END IF;
    IF TG_ARGV[1] = TG_ARGV[0] THEN
        subject := named;
    ELSIF TG_ARGV[1] <> '' THEN
        subject := whole ->> TG_ARGV[1];
    END IF;
    IF TG_NARGS > 2 THEN
        was := public.coopcrm_ledger_without(was, TG_ARGV[2:]);
        becomes := public.coopcrm_ledger_without(becomes, TG_ARGV[2:]);
    END IF;
    INSERT INTO public.shared_auditentry ({_COLUMNS})
    VALUES ({{base}} + pg_current_xact_id()::text::bigint, lower(TG_OP), TG_TABLE_NAME, named, subject,
        was, becomes,
        {_WHO}, '', 'done', {DIGEST_OF_PAYLOAD.format(old="was", new="becomes")});
    RETURN NULL;
END $$;
"""

# All rows of a statement at once: an entry costs a third of what one call of a function for each row costs.
INSERTED = f"""
CREATE OR REPLACE FUNCTION coopcrm_ledger_insert() RETURNS trigger
LANGUAGE plpgsql {_SECURE} AS $$
BEGIN
    -- arguments: as above; OFFSET 0 keeps what is computed once from being computed in every place that names it
    INSERT INTO public.shared_auditentry ({_COLUMNS})
    SELECT {{base}} + pg_current_xact_id()::text::bigint, 'insert', TG_TABLE_NAME, f.whole ->> TG_ARGV[0],
        CASE WHEN TG_ARGV[1] <> '' THEN (f.whole ->> TG_ARGV[1])::bigint END,
        NULL, f.becomes, w.actor_id, w.actor_name, w.request_id, w.db_user, '', 'done',
        {DIGEST_OF_PAYLOAD.format(old="NULL", new="f.becomes")}
    FROM (SELECT {_WHO} OFFSET 0) w(actor_id, actor_name, request_id, db_user), (
        SELECT r.whole, CASE WHEN TG_NARGS > 2 THEN public.coopcrm_ledger_without(r.whole, TG_ARGV[2:])
            ELSE r.whole END AS becomes
        FROM (SELECT to_json(inserted) AS whole FROM inserted OFFSET 0) r OFFSET 0
    ) f;
    RETURN NULL;
END $$;
"""

WITHOUT = """
CREATE OR REPLACE FUNCTION coopcrm_ledger_without(given json, secrets text[]) RETURNS json
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (SELECT json_object_agg(c.key, CASE WHEN c.key = ANY(secrets) THEN '"(secret)"'::json ELSE c.value END)
        FROM json_each(given) c);
"""

TRUNCATE = f"""
CREATE OR REPLACE FUNCTION coopcrm_ledger_truncate() RETURNS trigger
LANGUAGE plpgsql {_SECURE} AS $$
DECLARE
    was json;
    lost bigint;
BEGIN
    EXECUTE format('SELECT count(*) FROM %I.%I', TG_TABLE_SCHEMA, TG_TABLE_NAME) INTO lost;
    IF lost > 0 THEN
        was := json_build_object('rows', lost);
        INSERT INTO public.shared_auditentry ({_COLUMNS})
        VALUES ({{base}} + pg_current_xact_id()::text::bigint, 'truncate', TG_TABLE_NAME, '', NULL, was, NULL,
            {_WHO}, '', 'done', {DIGEST_OF_PAYLOAD.format(old="was", new="NULL")});
    END IF;
    RETURN NULL;
END $$;
"""

RECORD = f"""
CREATE OR REPLACE FUNCTION coopcrm_ledger_record(
    p_deed text, p_table text, p_key text, p_subject bigint, p_purpose text, p_outcome text, p_detail text
) RETURNS bigint
LANGUAGE plpgsql {_SECURE} AS $$
DECLARE
    given json := p_detail::json;
    made bigint;
BEGIN
    IF p_deed IN ('insert', 'update', 'delete', 'truncate') THEN
        RAISE EXCEPTION 'the deed % is recorded by triggers alone', p_deed USING ERRCODE = 'insufficient_privilege';
    END IF;
    -- of runs the web tells only that of the one rating it has just made, and tells it once
    IF session_user = 'coopcrm_web' AND (p_deed IN ('erasure', 'backup', 'key_rotation') OR p_deed = 'run' AND (
        (p_table = 'ratings_creditrating' AND given->>'id_column' = 'id' AND p_key LIKE '% id ' || (given->>'low')
            AND (given->>'high')::bigint = (given->>'low')::bigint + 1) IS NOT TRUE
        OR EXISTS (SELECT FROM public.shared_auditentry e
            WHERE e.deed = 'run' AND e.table_name = p_table AND e.key = p_key)
    )) THEN
        RAISE EXCEPTION 'the deed % is not one of the web', p_deed USING ERRCODE = 'insufficient_privilege';
    END IF;
    INSERT INTO public.shared_auditentry ({_COLUMNS})
    VALUES ({{base}} + pg_current_xact_id()::text::bigint, p_deed, public.coopcrm_ledger_plain(p_table, 63),
        public.coopcrm_ledger_plain(p_key, 200), p_subject, NULL, given,
        {_WHO}, public.coopcrm_ledger_plain(p_purpose, 200), p_outcome,
        {DIGEST_OF_PAYLOAD.format(old="NULL", new="given")})
    RETURNING id INTO made;
    RETURN made;
END $$;
"""

SEAL = f"""
CREATE OR REPLACE FUNCTION coopcrm_ledger_seal(most int) RETURNS int
LANGUAGE plpgsql {_SECURE} AS $$
DECLARE
    before public.shared_auditseal;
    made public.shared_auditseal;
    open_from bigint;
    lowest bigint;
    last_id CONSTANT bigint := 9223372036854775807;
BEGIN
    -- one sealer at a time; what it does not see after waiting is sealed by the next
    PERFORM pg_advisory_xact_lock(hashtext('coopcrm_ledger_seal'));
    SELECT * INTO before FROM public.shared_auditseal ORDER BY number DESC LIMIT 1;
    open_from := {POSITION_OF_OPEN};
    IF before.number IS NULL THEN
        made.number := 1; made.from_position := 0; made.to_position := open_from; made.after_id := 0;
    ELSIF before.upto_id < last_id THEN  -- the rest of a range that was larger than one seal
        made.number := before.number + 1; made.from_position := before.from_position;
        made.to_position := before.to_position; made.after_id := before.upto_id;
    ELSE
        made.number := before.number + 1; made.from_position := before.to_position;
        made.to_position := open_from; made.after_id := 0;
    END IF;
    IF made.to_position < made.from_position THEN
        RAISE EXCEPTION 'the ledger''s positions lie behind its last seal: run manage.py migrate';
    END IF;
    lowest := made.after_id + 1;
    IF made.after_id = 0 THEN  -- "+ 0" keeps the planner from walking the primary key from its beginning
        SELECT min(e.id + 0) INTO lowest FROM public.shared_auditentry e
        WHERE e.position >= made.from_position AND e.position < made.to_position;
        IF lowest IS NULL THEN
            RETURN 0;
        END IF;
    END IF;
    SELECT count(*), max(s.id), coalesce(string_agg(int8send(s.id) || s.leaf, ''::bytea ORDER BY s.id), ''::bytea)
    INTO made.rows, made.upto_id, made.leaves
    FROM (
        SELECT e.id, {LEAF_OF_ENTRY} AS leaf FROM public.shared_auditentry e
        WHERE e.position >= made.from_position AND e.position < made.to_position AND e.id >= lowest
        ORDER BY e.id LIMIT most
    ) s;
    IF made.rows < most THEN
        made.upto_id := last_id;
    END IF;
    made.sealed_at := clock_timestamp();
    made.digest := sha256(coalesce(before.digest, ''::bytea) || convert_to(concat_ws(E'\\n', made.number,
        (extract(epoch FROM made.sealed_at) * 1000000)::bigint, made.from_position, made.to_position, made.after_id,
        made.upto_id, made.rows, ''), 'UTF8') || made.leaves);
    INSERT INTO public.shared_auditseal SELECT (made).*;
    RETURN made.rows;
END $$;
"""

MONTHS = f"""
CREATE OR REPLACE FUNCTION coopcrm_ledger_months(ahead int) RETURNS int
LANGUAGE plpgsql {_SECURE} AS $$
DECLARE
    month_start date := date_trunc('month', now() AT TIME ZONE 'UTC')::date;
    last_month date := month_start + make_interval(months => ahead);
    made int := 0;
    part text;
BEGIN
    WHILE month_start <= last_month LOOP
        part := 'shared_auditentry_' || to_char(month_start, 'YYYYMM');
        IF to_regclass('public.' || part) IS NULL THEN
            EXECUTE format('CREATE TABLE public.%I PARTITION OF public.shared_auditentry FOR VALUES FROM (%L) TO (%L)',
                part, month_start::timestamp AT TIME ZONE 'UTC',
                (month_start + interval '1 month') AT TIME ZONE 'UTC');
            made := made + 1;
        END IF;
        month_start := (month_start + interval '1 month')::date;
    END LOOP;
    RETURN made;
END $$;
"""

ERASE = f"""
CREATE OR REPLACE FUNCTION coopcrm_ledger_erase(p_table text, p_key text, p_reason text) RETURNS int
LANGUAGE plpgsql {_SECURE} AS $$
DECLARE
    blanked bigint[];
BEGIN
    WITH erased AS (
        UPDATE public.shared_auditentry SET old = NULL, new = NULL
        WHERE table_name = p_table AND key = p_key AND deed IN ('insert', 'update', 'delete')
            AND (old IS NOT NULL OR new IS NOT NULL)
        RETURNING id
    ) SELECT array_agg(id ORDER BY id) INTO blanked FROM erased;
    IF blanked IS NOT NULL THEN
        PERFORM public.coopcrm_ledger_record('erasure', p_table, p_key, NULL, p_reason, 'done',
            json_build_object('entries', blanked)::text);
    END IF;
    RETURN coalesce(cardinality(blanked), 0);
END $$;
"""

FUNCTIONS = (PLAIN, WITHOUT, CHANGE, INSERTED, TRUNCATE, RECORD, SEAL, MONTHS, ERASE)
