"""A task is done in its place on my day, by mouse and, in the list, by key; and undone again."""


def test_a_task_is_done_in_place_and_by_key(open_page):
    page = open_page("director")
    page.goto("/")
    line = page.locator("li.day-line[id^=task-line-]").first
    place = page.locator(f"#{line.get_attribute('id')}")
    place.get_by_role("button", name="Done").click()
    place.get_by_role("button", name="Undo").wait_for()

    page.goto("/tasks/?whose=branch")
    row = page.locator(f"#{page.locator('tr[id^=task-row-]').first.get_attribute('id')}")
    page.keyboard.press("j")
    page.keyboard.press("d")
    row.get_by_role("button", name="Undo").wait_for()
    page.keyboard.press("u")
    row.get_by_role("button", name="Done").wait_for()

    assert page.troubles == []
