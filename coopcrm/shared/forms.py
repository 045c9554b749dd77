"""How every form and field is drawn; set once as ``FORM_RENDERER``."""

from django.forms.renderers import TemplatesSetting


class LookRenderer(TemplatesSetting):
    """Draws forms and fields with our own templates: label, hint, control, error."""

    form_template_name = "components/form.html"
    formset_template_name = "components/formset.html"
    field_template_name = "components/field.html"
