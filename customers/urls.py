"""Addresses of the registry. Ids and codes stand in them, never names or numbers."""

from django.urls import path

from customers import privacy_views, views
from customers.campaigns import urls as campaigns
from customers.cases import urls as cases
from customers.counter import views as counter
from customers.feedback import urls as feedback
from customers.homes import farm_views as farms
from customers.homes import views as homes
from customers.kinship import views as kinship
from customers.ledgers import urls as ledgers
from customers.lists import views as lists
from customers.matching import scan_views as matching_scans
from customers.matching import weight_views
from customers.merging import urls as merging
from customers.pages import views as pages
from customers.persons import organisation_views as organisations
from customers.persons import views as persons
from customers.portfolios import views as portfolios
from customers.provenance import views as provenance
from customers.reminders import urls as reminders
from customers.review import views as review
from customers.search import views as search
from customers.tags import views as tags
from customers.tasks import urls as tasks
from customers.together import views as together

app_name = "customers"

urlpatterns = [
    path("customers/", lists.customer_list, name="list"),
    path("customers/together/", together.act, name="together"),
    path("customers/together/forms/", together.dialogs, name="together-forms"),
    path("customers/together/<int:pk>/back/", together.take_back, name="take-back"),
    path("customers/views/", lists.keep_view, name="keep-view"),
    path("customers/views/<int:pk>/", lists.change_view, name="change-view"),
    path("customers/search/", search.search, name="search"),
    path("customers/new/", counter.register, name="new"),
    path("customers/new/number/", counter.check_number, name="check-number"),
    path("customers/new/known/", counter.known_already, name="known"),
    path("customers/new/villages/", counter.village_choices, name="villages"),
    path("customers/new/field/", counter.check_field, name="check-field"),
    path("customers/new/preview/", counter.preview, name="preview"),
    path("customers/new/draft/", counter.keep_draft, name="keep-draft"),
    path("customers/new/draft/<uuid:form_key>/discard/", counter.discard_draft, name="discard-draft"),
    path("slips/", counter.check_slip, name="check-slip"),
    path("slips/<int:pk>/", counter.slip, name="slip"),
    path("slips/<int:pk>/print/", counter.print_slip, name="print-slip"),
    path("customers/<int:pk>/", pages.customer, name="customer"),
    path("customers/<int:pk>/timeline/", pages.customer_timeline, name="customer-timeline"),
    path("customers/<int:pk>/sheet/", pages.customer_sheet, name="customer-sheet"),
    path("customers/<int:pk>/numbers/<slug:what>/<int:row>/", views.reveal_number, name="reveal"),
    path("audit/readings/", views.readings_page, name="readings"),
    path("customers/<int:pk>/ask/", views.ask_elsewhere, name="ask-elsewhere"),
    path("sharings/<int:pk>/end/", views.end_sharing, name="end-sharing"),
    path("customers/<int:pk>/phones/", persons.customer_phones, name="phones"),
    path("phones/<int:pk>/confirm/", persons.confirm_phone, name="confirm-phone"),
    path("phones/<int:pk>/main/", persons.main_phone, name="main-phone"),
    path("phones/<int:pk>/end/", persons.end_phone, name="end-phone"),
    path("customers/<int:pk>/particulars/", persons.customer_particulars, name="particulars"),
    path("customers/<int:pk>/skills/", persons.add_skill, name="add-skill"),
    path("skills/<int:pk>/remove/", persons.remove_skill, name="remove-skill"),
    path("customers/<int:pk>/names/", persons.add_name, name="add-name"),
    path("names/<int:pk>/remove/", persons.remove_name, name="remove-name"),
    path("customers/<int:pk>/organisation/", organisations.organisation, name="organisation"),
    path("customers/<int:pk>/representatives/", organisations.add_representative, name="add-representative"),
    path("representatives/<int:pk>/end/", organisations.end_representative, name="end-representative"),
    path("customers/<int:pk>/coop-members/", organisations.add_member, name="add-coop-member"),
    path("coop-members/<int:pk>/end/", organisations.end_member, name="end-coop-member"),
    path("customers/<int:pk>/manager/", organisations.name_manager, name="name-organisation-manager"),
    path("customers/<int:pk>/consents/", privacy_views.customer_consents, name="consents"),
    path("customers/<int:pk>/consents/<str:purpose>/", privacy_views.consent_text, name="consent-text"),
    path("customers/<int:pk>/statements/", provenance.statements, name="statements"),
    path("customers/<int:pk>/statements/<int:statement>/hold/", provenance.hold, name="hold-statement"),
    path("customers/<int:pk>/ask-missing/", provenance.ask_missing, name="ask-missing"),
    path("records/", provenance.records_page, name="records"),
    path("customers/<int:pk>/sources/<slug:attribute>/", provenance.source, name="source"),
    path("customers/<int:pk>/documents/", persons.customer_documents, name="documents"),
    path("documents/<int:pk>/renew/", persons.renew_document, name="renew-document"),
    path("documents/<int:pk>/withdraw/", persons.withdraw_document, name="withdraw-document"),
    path("documents/<int:pk>/settle/", persons.settle_document, name="settle-document"),
    path("documents/<int:pk>/photo/", views.add_document_photo, name="add-document-photo"),
    path("documents/<int:pk>/photo/read/", views.read_document_photo, name="read-document-photo"),
    path("customers/<int:pk>/rights/", privacy_views.customer_rights, name="customer-rights"),
    path("customers/<int:pk>/unlock/", privacy_views.unlock, name="unlock"),
    path("rights/", privacy_views.queue, name="rights"),
    path("rights/erasures/", privacy_views.erasures, name="erasures"),
    path("rights/<int:pk>/", privacy_views.request_page, name="right"),
    path("rights/<int:pk>/take/", privacy_views.take, name="right-take"),
    path("rights/<int:pk>/answer/", privacy_views.answer, name="right-answer"),
    path("rights/<int:pk>/order-copy/", privacy_views.order_copy, name="right-order-copy"),
    path("rights/<int:pk>/hand-over/", privacy_views.hand_over, name="right-hand-over"),
    path("rights/<int:pk>/copy/", privacy_views.copy, name="right-copy"),
    path("customers/<int:pk>/tags/", tags.hang, name="hang-tag"),
    path("customers/<int:pk>/tags/<int:row>/end/", tags.take_down, name="untag"),
    path("tags/", tags.tags, name="tags"),
    path("tags/<int:pk>/", tags.tag, name="tag"),
    path("tags/<int:pk>/end/", tags.end_tag, name="end-tag"),
    path("households/<int:pk>/", pages.household, name="household"),
    path("households/<int:pk>/timeline/", pages.household_timeline, name="household-timeline"),
    path("households/<int:pk>/sheet/", pages.household_sheet, name="household-sheet"),
    path("households/<int:pk>/facts/", views.record_facts, name="record-facts"),
    path("households/<int:pk>/life/", homes.events, name="home-events"),
    path("households/<int:pk>/life/<slug:deed>/", homes.life, name="life"),
    path("households/<int:pk>/review/", homes.review, name="review-household"),
    path("households/<int:pk>/coverage/", homes.coverage, name="household-coverage"),
    path("households/<int:pk>/farm/", farms.farm_page, name="farm"),
    path("households/<int:pk>/farm/<slug:part>/", farms.farm_row, name="farm-row"),
    path("households/<int:pk>/farm/<slug:part>/<int:row>/gone/", farms.farm_row_gone, name="farm-row-gone"),
    path("household-events/<int:pk>/undo/", homes.undo, name="undo-event"),
    path("portfolios/", portfolios.portfolios, name="portfolios"),
    path("portfolios/<int:pk>/name/", portfolios.name_manager, name="name-manager"),
    path("portfolios/<int:pk>/hand-over/", portfolios.new_handover, name="new-handover"),
    path("handovers/", portfolios.handovers, name="handovers"),
    path("handovers/<int:pk>/", portfolios.handover, name="handover"),
    path("handovers/<int:pk>/items/<int:item>/", portfolios.handover_item, name="handover-item"),
    path("handovers/<int:pk>/give/", portfolios.handover_step, {"step": "give"}, name="handover-give"),
    path("handovers/<int:pk>/take/", portfolios.handover_step, {"step": "take"}, name="handover-take"),
    path("handovers/<int:pk>/close/", portfolios.handover_step, {"step": "close"}, name="handover-close"),
    path("handovers/<int:pk>/cancel/", portfolios.handover_step, {"step": "cancel"}, name="handover-cancel"),
    *cases.urlpatterns,
    *tasks.urlpatterns,
    *feedback.urlpatterns,
    *campaigns.urlpatterns,
    *reminders.urlpatterns,
    *merging.urlpatterns,
    *ledgers.urlpatterns,
    path("visits/", views.visits, name="visits"),
    path("visits/new/", views.new_visit, name="new-visit"),
    path("visits/<int:pk>/", views.visit, name="visit"),
    path("visits/<int:pk>/correct/", views.correct_visit, name="correct-visit"),
    path("review/", review.pairs, name="review"),
    path("review/households/", kinship.questions, name="household-questions"),
    path("review/households/<int:pk>/", kinship.question, name="household-question"),
    path("review/households/<int:pk>/undo/", kinship.take_back, name="household-question-undo"),
    path("review/scans/", matching_scans.scans, name="scans"),
    path("matching/", weight_views.weights, name="weights"),
    path("review/figures/", review.fares, name="review-figures"),
    path("review/undo/", review.undo, name="review-undo"),
    path("review/groups/<int:cluster>/", review.group, name="review-group"),
    path("review/<int:pk>/", review.pair, name="review-pair"),
    path("review/<int:pk>/moves/", review.moves, name="review-moves"),
]
