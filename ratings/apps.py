"""Registration of the app with Django, and of what it tells the registry's pages."""

from django.apps import AppConfig


class RatingsConfig(AppConfig):
    name = "ratings"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self):
        from customers import registries
        from ratings import customer_page, merging, personal_data, reminders, versions

        personal_data.register()
        merging.register_relations()
        reminders.register()
        cards, both = registries.page_cards, registries.PAGES
        cards.register("ratings.rating", customer_page.rating_card, place="side", order=240, on=both)
        cards.register("ratings.contribution", customer_page.contribution_card, place="side", order=250)
        registries.page_badges.register("ratings.badges", customer_page.standing_badges, order=100)
        registries.page_badges.register(
            "ratings.grade", customer_page.grade_badges, order=100, on=("household",)
        )
        tell = registries.timeline_sources.register
        tell("ratings.ratings", customer_page.ratings_made, kind="rating", on=both)
        tell("ratings.tiers", customer_page.tier_moves, kind="rating")
        registries.list_columns.register("ratings.grades", customer_page.grades)
        registries.list_columns.register("ratings.tiers", customer_page.tiers)
        registries.list_filters.register("grade", customer_page.GRADE_FILTER)
        registries.list_filters.register("tier", customer_page.TIER_FILTER)
        versions.register_own()
