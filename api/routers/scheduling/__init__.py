"""Operations on schedules of weeks, and on what a plan costs."""
