"""The same figures by SQL alone, in DuckDB: from CSV to Kaplan-Meier, without any check.

python -m benchmarks.by_duckdb --folder FOLDER
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import duckdb

ENGAGEMENT = """
create table engagement as
select episode_id, count(*) as due, count(*) filter (came) as attended,
       coalesce(sum(minutes_attended) filter (came), 0) as minutes
from (
    select episode_id, minutes_attended, status in ('attended', 'attended_partial', 'late') as came
    from read_csv('{folder}/attendance.csv')
    where service in ('group', 'individual', 'family', 'skills')
      and status not in ('program_cancel', 'not_scheduled', 'unrecorded')
)
group by episode_id
"""

EPISODES = """
create table merged as
with seen as (
    select episode_id, max(date) as last,
           min(date) filter (status = 'completed' and (used or drug_test = 'positive'))
               as first_use
    from read_csv('{folder}/checkins.csv')
    group by episode_id
)
select program, track, coalesce(due, 0) as due, coalesce(attended, 0) as attended,
       coalesce(minutes, 0) as minutes, first_use is not null as event,
       coalesce(first_use, last, admit_date) - admit_date as days
from read_csv('{folder}/episodes.csv')
left join engagement using (episode_id)
left join seen using (episode_id)
"""

# The product of a window is exp(sum(ln)); a curve that reaches zero has no logarithm there.
CURVES = """
create table curves as
with by_day as (
    select track, days, count(*) as left_risk, count(*) filter (event) as events
    from merged group by track, days
), at_risk as (
    select *, sum(left_risk) over (
        partition by track order by days rows between current row and unbounded following
    ) as risk
    from by_day
)
select track, days,
       case when min(risk - events) over early = 0 then 0
            else exp(sum(case when events < risk then ln(1 - events / risk) end) over early)
       end as survival
from at_risk
window early as (partition by track order by days rows unbounded preceding)
"""

RELAPSE_FREE = """
select track, list(survival order by day)
from (
    select track, day, coalesce(arg_max(survival, days) filter (days <= day), 1) as survival
    from curves cross join (values (30), (60), (90)) as asked(day)
    group by track, day
)
group by track
"""


def figures(folder: Path) -> dict[str, Any]:
    database = duckdb.connect()
    for statement in (ENGAGEMENT, EPISODES):
        database.execute(statement.format(folder=folder))
    database.execute(CURVES)
    rates = "select program, sum(attended) / sum(due) from merged group by program"
    medians = "select track, min(days) filter (survival <= 0.5) from curves group by track"
    free = dict(database.execute(RELAPSE_FREE).fetchall())
    hours = database.execute("select avg(minutes) / 60 from merged where due > 0").fetchall()[0][0]
    return {
        "attendance_rate": dict(database.execute(rates).fetchall()),
        "mean_hours": hours,
        "curves": {
            track: {
                "relapse_free": free[track],
                "median": median,
            }
            for track, median in database.execute(medians).fetchall()
        },
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True)
    print(json.dumps(figures(parser.parse_args().folder)))
