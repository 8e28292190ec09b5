"""Templates of sentences that the database may still have as an earlier version wrote them.

They are marked so that the catalogues keep them, and `found_again` recognises the stored texts: problems of imported
rows, alarms of the engine in events that wait, budgets in the history of rules.
"""

from workorder_core.sentences import marked

EARLIER = (
    marked("write after how much of the meter it is due"),
    marked("write name; every so many; hours; job plan, with | between them: monthly; 1; 0.5 | yearly; 12; 8"),
    marked("is no text: it has NULs; save it as CSV in UTF-8, or as XLSX"),
    marked("is no text: {error}; save it as CSV in UTF-8, or as XLSX"),
    marked("is no XLSX workbook that can be read ({name}); save it anew"),
    marked("is an Excel file of the old kind, or one with a password; save it as XLSX or CSV"),
    marked("Its log has the whole error: report it. Ingest is started again with growing waits; nothing is lost"),
    marked("What was set by a person, a document or the clock made the judge fail, and is followed in part only"),
    marked("Report the error; the log has it whole. Set it otherwise: the next change is followed as ever"),
    marked("A job of the timetable failed on one thing; all others were done"),
    marked("Report the error; the jobs' log has it whole. It is tried again each time; set it otherwise, or end it"),
    marked(
        "See what sets it: time synchronisation, a person, a machine that slept. Jobs and judging go on by the new one"
    ),
    marked("The engine's session at the broker is being taken: what machines send may go to another client"),
    marked(
        "The broker's log names the other client: stop it. `plantwright broker-files` makes a broker that binds the id"
    ),
    marked("Somebody tried the engine's identity at the broker, or was refused there, and did not get it"),
    marked(
        "Let the broker keep sessions on disk (mosquitto: persistence_location), and nobody else use the engine's id"
    ),
    marked("The embedded broker lets no device in, so that nothing it has acknowledged can be lost on a full disk"),
    marked("Make room on the disk; devices are let in by themselves then. They keep what was not acknowledged"),
    marked("what machines send waits at the broker as far as its queue reaches"),
    marked(
        "Its log says what it waits for, `plantwright doctor` looks at what it stands on; if it has ended, start it"
    ),
    marked(
        "If much has just come, it catches up by itself. If not: the times of its stages say what is slow, the "
        "database (`store`, `commit`) or judging; give it more CPU or a faster disk"
    ),
    marked(
        "Run one, and see that nothing starts the other again (systemd: RestartPreventExitStatus=3). Nothing is lost"
    ),
    marked("Report the error. What else came is judged; the quarantine keeps these and can try them again"),
    marked(
        "The engine's state cannot be written ({why}); readings are stored and judged, but a restart has to judge "
        "all since the last checkpoint again, which takes longer and longer"
    ),
    marked("The quarantine is full: messages are refused and counted, and nothing is kept of them"),
    marked("Remove the causes it names; then try its messages again or drop them, or raise quarantine_most_mb"),
    marked("The quarantine grows: {many} kinds of message were refused in the last {minutes} minutes"),
    marked("The quarantine says of each why, and what to do about it; then it can be tried again"),
    marked("Nobody is notified: events have waited for {span}; none is lost"),
    marked("The page Outbox shows of each receiver what its last attempt met"),
    marked("Planned work is not made: maintenance plans for {count} assets or locations have waited up to {span}"),
    marked("Planned work is not made: a maintenance plan has waited for {span}"),
    marked(
        "Start `plantwright serve`, or `plantwright jobs` on its own; where it runs, its log says what fails. "
        "What was due meanwhile is made or skipped as each plan says"
    ),
    marked("Browsers will refuse these pages when their certificate ends: {said}"),
    marked("the key {key!r} is none: use a small letter, then small letters, digits and _"),
    marked("it depends on {key!r}, which is no item before it"),
    marked("{signal!r} names no signal: write A-Z, a-z, digits, blanks and _ . : / -"),
    marked("{name!r} is no state's name: a text of 1 to {longest} characters"),
    marked("{name!r} is a number already, and is taken as such; leave it out"),
    marked("{other!r} and {name!r} differ in capitals only, which devices are not trusted with"),
    marked("{alarms} alarms in a week, {budget:g} are its budget"),
    marked("{right} of {all} close-outs found something ({precision:.0%}), {budget:.0%} are its budget"),
    marked("is no code: use letters, digits and _ . - only, 64 at most, a letter or digit first"),
    marked("has {count:,} letters; {most} are the most"),
    marked("is no number"),
    marked("is no whole number"),
    marked("is no number; the file's decimal sign is {decimal!r}"),
    marked("is no date; write it as 2026-03-31"),
    marked("has control characters; type it anew"),
    marked("is no point: write <checklist>/<item>, such as PUMP-DAILY/seal, with small letters"),
    marked("there is no location of this code; import the locations first"),
    marked("there is no item of this code; import the items first"),
    marked("{host} is no public address; who runs the server can allow its network by the setting webhook_networks"),
)
