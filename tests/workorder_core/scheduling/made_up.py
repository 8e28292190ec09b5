"""Small scheduling problems: one person and one job with what a test changes, and plants drawn at random."""

from datetime import UTC, datetime
from random import Random
from typing import Any

from workorder_core.scheduling.problem import Job, Means, Need, Person, Plan, Problem, Span, Visit, Workday
from workorder_core.scheduling.tours import over_at, work_minutes

DAY = 1440
STARTS_AT = datetime(2026, 3, 2, tzinfo=UTC)
"""A Monday."""


def a_day(number: int = 0, **facts: Any) -> Workday:
    """Return a workday from 8:00 to 16:00, overtime until 17:00, at home at both ends."""
    given = {
        "day": number, "starts": number * DAY + 480, "ends": number * DAY + 960, "latest": number * DAY + 1020,
        "start_place": "home", "end_place": "home", **facts,
    }  # fmt: skip
    return Workday(**given)


def ann(**facts: Any) -> Person:
    """Return a fitter who works on Monday."""
    given = {"code": "ann", "name": "Ann", "skills": {"fitting": 3}, "workdays": (a_day(),), **facts}
    return Person(**given)


def bob(**facts: Any) -> Person:
    return ann(**{"code": "bob", "name": "Bob", **facts})


def a_job(name: str = "1", **facts: Any) -> Job:
    """Return an order of an hour at the hall, half an hour from home."""
    given = {
        "id": name, "order": name, "number": f"NTH-{name}", "title": "Change the seal", "place": "hall", "minutes": 60,
        "priority": 3, **facts,
    }  # fmt: skip
    return Job(**given)


def a_problem(*jobs: Job, people: tuple[Person, ...] = (), dates: int = 1, **facts: Any) -> Problem:
    """Return a problem with three places: home, the hall at 30 min and 20 km, the yard 10 min from the hall."""
    ways = {("home", "hall"): 30, ("home", "yard"): 30, ("hall", "yard"): 10}
    kms = {("home", "hall"): 20.0, ("home", "yard"): 20.0, ("hall", "yard"): 5.0}
    given = {
        "starts_at": STARTS_AT, "zone": "UTC", "dates": dates, "currency": "EUR", "people": people or (ann(),),
        "jobs": jobs or (a_job(),), "travel": both(ways), "km": both(kms), **facts,
    }  # fmt: skip
    return Problem(**given)


def both(one_way: dict[tuple[str, str], Any]) -> dict[tuple[str, str], Any]:
    return one_way | {(there, here): value for (here, there), value in one_way.items()}


def a_visit(starts: int = 600, ends: int = 660, *people: str, job: str = "1") -> Visit:
    return Visit(job=job, people=people or ("ann",), starts=starts, ends=ends)


def a_plan(*visits: Visit) -> Plan:
    return Plan(visits=visits)


SKILLS = ("electrical", "fitting", "welding")


def a_plant(seed: int, *, most_people: int = 4, most_jobs: int = 12) -> Problem:
    """Return a plant drawn at random in which every rule occurs."""
    draw = Random(seed)
    dates = draw.randint(1, 3)
    places = [f"p{number}" for number in range(draw.randint(2, 6))]
    spots = {place: (draw.randint(0, 40), draw.randint(0, 40)) for place in places}
    ways = {
        (a, b): abs(spots[a][0] - spots[b][0]) + abs(spots[a][1] - spots[b][1])
        for a in places
        for b in places
        if a != b
    }
    people = tuple(_someone(draw, number, dates, places) for number in range(draw.randint(1, most_people)))
    means = tuple(
        Means(code=f"t{k}", name=f"Crane {k}", taken=(_span(draw, dates),) if draw.random() < 0.3 else ())
        for k in range(2)
    )
    jobs: list[Job] = []
    for number in range(draw.randint(1, most_jobs)):
        jobs.append(_something(draw, number, dates, places, people, jobs))
    return Problem(
        starts_at=STARTS_AT,
        zone=draw.choice(["UTC", "Europe/Berlin"]),
        dates=dates,
        currency="EUR",
        people=people,
        jobs=tuple(jobs),
        means=means,
        travel=ways,
        km={way: float(minutes) for way, minutes in ways.items()},
        frozen_until=draw.choice([0, 0, 600]),
    )


def _span(draw: Random, dates: int) -> Span:
    starts = draw.randrange(dates) * DAY + draw.randint(420, 900)
    return Span(starts, starts + draw.randint(60, 400))


def _someone(draw: Random, number: int, dates: int, places: list[str]) -> Person:
    days = []
    for day in range(dates):
        if draw.random() < 0.15:
            continue
        starts = day * DAY + draw.choice([360, 420, 480, 840])
        ends = starts + draw.choice([300, 480])
        breaks: tuple[Span, ...] = (Span(starts + 200, starts + 230),) if draw.random() < 0.5 else ()
        if breaks and draw.random() < 0.2:
            breaks = (*breaks, Span(starts + 260, starts + 275))
        here = draw.choice(places)
        days.append(
            Workday(
                day=day,
                starts=starts,
                ends=ends,
                latest=ends + draw.choice([0, 0, 60]),
                breaks=breaks,
                start_place=here,
                end_place=here,
                left_at=starts + 20 if day == 0 and draw.random() < 0.2 else None,
            )
        )
    certificates = {"hv": draw.choice([None, 600, DAY + 600])} if draw.random() < 0.6 else {}
    return Person(
        code=f"w{number}",
        name=f"Worker {number}",
        skills={skill: draw.randint(1, 4) for skill in SKILLS if draw.random() < 0.7},
        certificates=certificates,
        workdays=tuple(days),
        speed=draw.choice([0.8, 1.0, 1.0, 1.3]),
        hour_costs=40.0,
        overtime_hour_costs=60.0,
        day_costs=draw.choice([0.0, 0.0, 150.0]),
        contractor=draw.random() < 0.2,
        rest=draw.choice([0, 660]),
        most_a_week=draw.choice([None, None, 600]),
    )


def _something(
    draw: Random, number: int, dates: int, places: list[str], people: tuple[Person, ...], earlier: list[Job]
) -> Job:
    crew = 2 if draw.random() < 0.15 and len(people) > 1 else 1
    job = Job(
        id=f"j{number}",
        order=f"j{number}",
        number=f"NTH-{number}",
        title="Work",
        place=draw.choice(places),
        minutes=draw.randint(10, 200),
        priority=draw.randint(1, 5),
        needs=(Need(draw.choice(SKILLS), draw.randint(1, 4)),) if draw.random() < 0.7 else (),
        certificates=frozenset({"hv"}) if draw.random() < 0.15 else frozenset(),
        crew=crew,
        only=frozenset(draw.sample([one.code for one in people], crew)) if draw.random() < 0.1 else None,
        windows=tuple(_span(draw, dates) for _ in range(draw.randint(1, 2))) if draw.random() < 0.3 else (),
        not_before=draw.randint(0, dates * DAY) if draw.random() < 0.15 else 0,
        target=draw.randint(0, dates * DAY) if draw.random() < 0.5 else None,
        after=(draw.choice(earlier).id,) if earlier and draw.random() < 0.15 else (),
        blocked="its permit is missing" if draw.random() < 0.05 else None,
        tools=frozenset({f"t{draw.randrange(2)}"}) if draw.random() < 0.2 else frozenset(),
        waiting=((0, 0.0), (dates * DAY, draw.uniform(10, 3000))) if draw.random() < 0.6 else (),
    )
    return _perhaps_known(draw, job, people) if crew == 1 else job


def _perhaps_known(draw: Random, job: Job, people: tuple[Person, ...]) -> Job:
    """Publish or pin some jobs, at a time of somebody's shift, whether or not that can be kept."""
    who = draw.choice(people)
    if not who.workdays or draw.random() > 0.2:
        return job
    day = draw.choice(who.workdays)
    starts = draw.randint(day.starts, day.ends - 60)
    visit = Visit(
        job=job.id, people=(who.code,), starts=starts, ends=over_at(day.breaks, starts, work_minutes(job, [who]))
    )
    facts = {name: getattr(job, name) for name in Job.__slots__}
    return Job(**(facts | {draw.choice(["published", "published", "pinned"]): visit}))
