"""The staff console: pages for the people of a hospital, rendered here and kept alive by htmx.

**A page** is one line in the `PAGES` of its module, and `pages.py` adds those up:

    PAGES = (
        Page("GET", "/inbox", Right.READ, inbox, bar="Inbox"),
        Page("POST", "/conversations/{id}/claim", Right.WORK, claim),
    )

Each names the right that it asks for; there is no default. `door.py` has seen to session, right, origin and CSRF token before
the handler runs. What needs the password of the last minutes (exports, publishing rules) says `proven=True`.

**A handler** takes a `Visit` and returns a response:

    async def inbox(visit: Visit) -> Response:
        rows = await visit.read(open_tasks, visit.scope)           # open_tasks(connection, scope), in a thread
        return visit.page("inbox.html", rows=rows)

    async def claim(visit: Visit) -> Response:
        await visit.write(lambda connection: ...)                  # a job of the one writer; live pages hear of it
        return visit.to(f"/conversations/{visit.path['id']}", "It is yours.")

- `visit.person`, `visit.may(Right.X)`; `visit.scope` holds the clinics: every query for patients' data carries
  `visit.scope.where(column)`, and a record outside of it raises `NotHere`, like one that does not exist.
- `visit.looked("conversation:ID", patient=..., clinic=...)` before a patient's record is shown; `visit.note(Act(...))` for
searches and exports.
- `visit.form` is the POSTed form, `visit.choices` the same with repeated fields, `visit.query` and `visit.path` what the
address holds.
- What cannot be done raises `Declined(status, message)`. A form with mistakes is answered 422 with the form again.
- `visit.wants_part`: htmx asks for a part; render that part's own template. `visit.now` is the conversations' clock.

**Templates** lie in `templates/`, extend `layout.html` (blocks: title, main, main_class, live_query) and are escaped
throughout; forms hold `{{ form.csrf(visit) }}` of `form.html`, whose macros also make labelled fields with their mistakes. htmx
sends the token itself. Times: `{{ at|when }}`, `|day`, `|clock`, `|ago`.

**Styles and scripts** lie in `front/`: a partial `css/_NAME.scss` used by `css/console.scss`, a module `js/_NAME.js` imported
by `js/console.js`; a `js/NAME.js` or `css/NAME.scss` of its own becomes a file of its own, `{{ asset("NAME.js") }}`. `make`
builds them. The policy allows no inline script or style and no eval: no `on...=`, no `style=`, no `hx-on`, no
`hx-vals="js:..."`, no filters in `hx-trigger`. What must bring its own style elements goes into a shadow root, where adopted
style sheets need none.

**Live**: every page has an event stream open; `hx-trigger="sse:tasks"` fetches a part again when open tasks have changed,
`sse:talk` when the conversation has that `{% block live_query %}?talk=ID&amp;seen=N{% endblock %}` names, N being the last
entry that the page shows; a list of tasks says `?list=tasks` there. `live.py` says what is told.
Whoever changes the store other than by `visit.write` notifies the bus of `service.CHANGED`; the service does after each batch
of events.
"""
