"""The limits of ISA-18.2 and IEC 62682 for alarms; defined here only."""

from datetime import timedelta

PERIOD = timedelta(minutes=10)
"""The period in which alarms are counted; a chattering rule must be calm for as long."""
FLOOD_ABOVE, FLOOD_OVER_BELOW = 10, 5
"""Alarms in a period: a flood begins above the first, and is over below the second."""
CHATTER, CHATTER_WITHIN = 3, timedelta(minutes=1)
"""An alarm chatters if it is raised this often within this time."""
STALE_AFTER = timedelta(hours=24)
"""An alarm that has been active for longer is stale."""
A_PERIOD, A_PERIOD_AT_MOST = 1, 2
"""Alarms in a period that an operator can deal with on average, and the most."""
PERIODS_A_DAY = timedelta(days=1) // PERIOD
STALE_FEWER_THAN = 5
FLOODED_PERIODS_BELOW = 1
"""Per cent of the periods that may have more than ``FLOOD_ABOVE`` alarms."""
TOP_SHARE = 5
"""Per cent of all alarms that the ten most frequent may make together."""
SHARES = (80, 15, 5)
"""Per cent of the alarms by severity, the mildest first."""
