"""Particulars of persons, and organisations with those who act for them and belong to them."""

import django.contrib.postgres.constraints
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import branches.models.ranges


class Migration(migrations.Migration):
    dependencies = [
        ("customers", "0028_tags"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="customer",
            name="contact_hours",
            field=models.CharField(
                blank=True,
                choices=[
                    ("any", "At any time"),
                    ("morning", "In the morning"),
                    ("noon", "At noon"),
                    ("evening", "In the evening"),
                    ("market", "On market days only"),
                ],
                db_default="",
                default="",
                max_length=12,
                verbose_name="when to reach",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="contact_language",
            field=models.CharField(
                blank=True,
                choices=[
                    ("mandarin", "Mandarin"),
                    ("dialect", "Local dialect"),
                    ("cantonese", "Cantonese"),
                    ("other", "Another language"),
                ],
                db_default="",
                default="",
                max_length=12,
                verbose_name="language for contact",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="education",
            field=models.CharField(
                blank=True,
                choices=[
                    ("none", "No school"),
                    ("primary", "Primary school"),
                    ("junior", "Junior middle school"),
                    ("senior", "Senior middle school"),
                    ("vocational", "Vocational school"),
                    ("college", "College"),
                    ("university", "University"),
                ],
                db_default="",
                default="",
                max_length=12,
                verbose_name="education",
            ),
        ),
        migrations.AddField(
            model_name="customer",
            name="residence",
            field=models.CharField(
                blank=True, db_default="", default="", max_length=200, verbose_name="usual residence"
            ),
        ),
        migrations.CreateModel(
            name="Organisation",
            fields=[
                (
                    "customer",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="organisation",
                        serialize=False,
                        to="customers.customer",
                    ),
                ),
                (
                    "category",
                    models.CharField(
                        choices=[
                            ("enterprise", "Enterprise"),
                            ("individual_business", "Individual business"),
                            ("farmers_cooperative", "Farmers' cooperative"),
                            ("rural_collective", "Rural collective"),
                            ("other", "Other organisation"),
                        ],
                        max_length=20,
                        verbose_name="category",
                    ),
                ),
                (
                    "legal_form",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("limited", "Limited liability company"),
                            ("joint_stock", "Joint-stock company"),
                            ("sole", "Sole proprietorship"),
                            ("partnership", "Partnership"),
                            ("individual", "Individual business without legal person"),
                            ("cooperative", "Specialised farmers' cooperative"),
                            ("collective", "Rural collective economic organisation"),
                            ("branch", "Branch of another organisation"),
                            ("other", "Other form"),
                        ],
                        max_length=12,
                        verbose_name="legal form",
                    ),
                ),
                ("founded_on", models.DateField(blank=True, null=True, verbose_name="founded on")),
                (
                    "business_scope",
                    models.CharField(blank=True, max_length=500, verbose_name="business scope"),
                ),
                (
                    "registered_address",
                    models.CharField(blank=True, max_length=200, verbose_name="registered address"),
                ),
                ("noted_on", models.DateField()),
                (
                    "noted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "organisation",
                "verbose_name_plural": "organisations",
            },
        ),
        migrations.CreateModel(
            name="CoopMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "share_amount",
                    models.DecimalField(decimal_places=2, default=0, max_digits=14, verbose_name="share"),
                ),
                ("valid_from", models.DateField(verbose_name="from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="until")),
                (
                    "household",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coop_memberships",
                        to="customers.household",
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coop_members",
                        to="customers.customer",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="coop_memberships",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "member of an organisation",
                "verbose_name_plural": "members of organisations",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("household__isnull", False), ("person", None)),
                            models.Q(("household", None), ("person__isnull", False)),
                            _connector="OR",
                        ),
                        name="coop_member_person_or_household",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("share_amount__gte", 0)), name="coop_share_not_negative"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="coop_member_days_in_order",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("organisation", "="),
                            ("person", "="),
                            (
                                branches.models.ranges.DateRange(
                                    "valid_from", "valid_to", models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="coop_person_once",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("organisation", "="),
                            ("household", "="),
                            (
                                branches.models.ranges.DateRange(
                                    "valid_from", "valid_to", models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="coop_household_once",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="OrganisationManager",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="until")),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="managers",
                        to="customers.customer",
                    ),
                ),
                (
                    "staff",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="organisations",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="manager",
                    ),
                ),
            ],
            options={
                "verbose_name": "manager of an organisation",
                "verbose_name_plural": "managers of organisations",
                "constraints": [
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("organisation", "="),
                            (
                                branches.models.ranges.DateRange(
                                    "valid_from", "valid_to", models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="one_manager_of_an_organisation",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="PersonSkill",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "code",
                    models.CharField(
                        choices=[
                            ("grain", "Grain and oil crops"),
                            ("vegetables", "Vegetables"),
                            ("tea", "Tea"),
                            ("fruit", "Fruit"),
                            ("livestock", "Livestock"),
                            ("poultry", "Poultry"),
                            ("fish", "Fish"),
                            ("bees", "Bees"),
                            ("forestry", "Forestry"),
                            ("machines", "Farm machines"),
                            ("driving", "Driving"),
                            ("building", "Building"),
                            ("carpentry", "Carpentry"),
                            ("repair", "Repairs"),
                            ("cooking", "Cooking"),
                            ("sewing", "Sewing and weaving"),
                            ("trade", "Trade"),
                            ("online", "Selling online"),
                            ("office", "Accounts and office work"),
                            ("other", "Something else"),
                        ],
                        max_length=12,
                        verbose_name="skill",
                    ),
                ),
                ("words", models.CharField(blank=True, max_length=20, verbose_name="in words")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("said", "said"),
                            ("document", "document"),
                            ("seen", "seen"),
                            ("ledger", "ledger"),
                            ("core", "core system"),
                        ],
                        default="said",
                        max_length=10,
                    ),
                ),
                ("noted_on", models.DateField()),
                ("removed_on", models.DateField(blank=True, null=True)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="skills",
                        to="customers.customer",
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name": "skill",
                "verbose_name_plural": "skills",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("removed_on", None)),
                        fields=("customer", "code", "words"),
                        name="skill_once_per_person",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("code", "other"), ("words", ""), _connector="XOR"),
                        name="skill_in_words_when_other",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Representative",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("legal_representative", "Legal representative"),
                            ("authorised", "Authorised to sign"),
                            ("finance", "Keeps the books"),
                            ("contact", "Contact"),
                        ],
                        max_length=20,
                        verbose_name="role",
                    ),
                ),
                ("valid_from", models.DateField(verbose_name="from")),
                ("valid_to", models.DateField(blank=True, null=True, verbose_name="until")),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("said", "said"),
                            ("document", "document"),
                            ("seen", "seen"),
                            ("ledger", "ledger"),
                            ("core", "core system"),
                        ],
                        default="document",
                        max_length=10,
                    ),
                ),
                (
                    "noted_by",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "organisation",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="representatives",
                        to="customers.customer",
                    ),
                ),
                (
                    "person",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="represents",
                        to="customers.customer",
                    ),
                ),
            ],
            options={
                "verbose_name": "representative",
                "verbose_name_plural": "representatives",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("organisation", models.F("person")), _negated=True),
                        name="represented_by_another",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("valid_to", None), ("valid_to__gte", models.F("valid_from")), _connector="OR"
                        ),
                        name="representative_days_in_order",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        expressions=[
                            ("organisation", "="),
                            ("person", "="),
                            ("role", "="),
                            (
                                branches.models.ranges.DateRange(
                                    "valid_from", "valid_to", models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="representative_once_per_role",
                    ),
                    django.contrib.postgres.constraints.ExclusionConstraint(
                        condition=models.Q(("role", "legal_representative")),
                        expressions=[
                            ("organisation", "="),
                            (
                                branches.models.ranges.DateRange(
                                    "valid_from", "valid_to", models.Value("[)")
                                ),
                                "&&",
                            ),
                        ],
                        name="one_legal_representative",
                    ),
                ],
            },
        ),
        migrations.AddField(
            model_name="othername",
            name="given_pinyin",
            field=models.CharField(
                blank=True, db_collation="C", db_default="", editable=False, max_length=200
            ),
        ),
        migrations.AddIndex(
            model_name="othername",
            index=models.Index(fields=["given_pinyin", "id"], name="other_name_given_pinyin"),
        ),
    ]
