"""How things stand, counted for whoever has people; and the reports of the times before."""

from console.actions.oversight.pictures import count_pictures
from console.actions.oversight.reports import keep_reports
from console.demo.world.made import World


def build(world: World) -> None:
    desk = world.house.desk()
    world.tell("oversight", count_pictures(desk))
    world.tell("oversight", keep_reports(desk))
