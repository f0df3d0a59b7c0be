"""Organisations of the whole country, all of them made up, and people to be for a while."""

from datetime import timedelta
from typing import Final

from sqlmodel import select

from console.actions.staff.people import add_organisation, add_user, grant_role
from console.demo.cast import PASSWORD
from console.demo.world.made import Sheaf, World
from models.permissions import Permission, Role
from models.provinces import provinces
from models.staff import Organisation, OrganisationKind, User

_K, _R = OrganisationKind, Role
_GROUPS: Final = (
    ("CT", "示例电信集团", "示例电信", 31),
    ("YF", "远帆移动通信集团（示例）", "远帆移动", 31),
    ("HZ", "汇众通信集团（示例）", "汇众通信", 20),
    ("XG", "星谷广电网络集团（示例）", "星谷广电", 10),
)
"""Code, name, what its companies are called by, and in how many provinces it has one."""
_FIRST: Final = ("44", "33", "11", "31", "32", "42", "51", "37", "35", "41")
"""Where a group is that is not everywhere."""
_RESELLERS: Final = (
    "启明", "天舟", "远山", "和风", "青禾", "朗月", "晨曦", "海川", "云麓", "秋实", "松涛", "锦程",
    "北辰", "南屏", "东篱", "西岭", "银杏", "白鹭", "赤松", "紫荆", "红岩", "碧湖", "黄鹂", "墨竹",
    "飞燕", "鸿雁", "灵溪", "长庚", "望舒", "扶摇", "听雨", "归帆", "流萤", "溪山", "明远", "知行",
    "思齐", "乐山",
)  # fmt: skip
_PLATFORMS: Final = (
    ("qingquan", "清泉优选（示例）", "11"),
    ("baihe", "百禾购（示例）", "32"),
    ("fengye", "枫野商城（示例）", "31"),
    ("heyu", "荷屿集市（示例）", "35"),
    ("jinsui", "金穗批发网（示例）", "33"),
    ("nanqiao", "南桥二手（示例）", "42"),
    ("shanliu", "山柳直播（示例）", "51"),
    ("chunfan", "春帆拼团（示例）", "31"),
    ("luming", "鹿鸣社区（示例）", "11"),
    ("yanbo", "烟波短视频（示例）", "11"),
)
PEOPLE: Final = (
    ("operator", "sys.admin", "系统管理", _R.SYSTEM_ADMIN),
    ("operator", "sec.admin", "安全管理", _R.SECURITY_ADMIN),
    ("operator", "audit.admin", "审计管理", _R.AUDIT_ADMIN),
    ("CT", "tang.hua", "唐华", _R.CHANNEL_MANAGER),
    ("CT", "su.mei", "苏梅", _R.AUDITOR),
    ("CT-44", "liang.yi", "梁艺", _R.APPROVER),
    ("CT-44", "huang.bo", "黄博", _R.PRIVACY_OFFICER),
    ("MV-11", "qian.yu", "钱宇", _R.APPROVER),
    ("haiyun", "hai.lan", "海岚", _R.PLATFORM_OFFICER),
    ("nanqiao", "nan.qiao", "南乔", _R.PLATFORM_OFFICER),
    ("CA-33", "zj.jianguan", "浙监管", _R.REGULATOR),
)
"""Beside those of the stories, so that every role has somebody in it, and a second one."""
_OLD: Final = timedelta(days=800)


def build(world: World) -> None:
    _learn(world)
    if "operator" not in world.organisations:
        name = "系统运营单位（示例）"
        add_organisation(world.house.desk(), code="operator", kind=_K.OPERATOR, name=name)
        _learn(world)
    with world.keeping("places") as sheaf:
        for code, name, short, everywhere in _GROUPS:
            if code not in world.organisations:
                _put(world, sheaf, code, _K.BASIC_CARRIER_GROUP, name)
            _companies(world, sheaf, code, short, everywhere)
        _resellers(world, sheaf)
        for code, name, province in _PLATFORMS:
            _put(world, sheaf, code, _K.PLATFORM, name, province)
        for one in provinces().values():
            if one.authority not in world.organisations:
                name = f"{one.authority_zh}（示例）"
                _put(world, sheaf, one.authority, _K.COMM_ADMIN, name, one.code)
    _people(world)
    _learn(world)


def _learn(world: World) -> None:
    with world.house.desk().begin(Permission.STAFF_READ) as work:
        world.organisations = {
            one.code: one for one in work.session.exec(select(Organisation)).all()
        }
        world.platforms = {
            code: one.province
            for code, one in world.organisations.items()
            if one.kind is _K.PLATFORM
        }
        world.people = {one.login: one.id for one in work.session.exec(select(User)).all()}


def _companies(world: World, sheaf: Sheaf, group: str, short: str, everywhere: int) -> None:
    others = [code for code in provinces() if code not in _FIRST]
    for province in (*_FIRST, *others)[:everywhere]:
        code = f"{group}-{province}"
        if code not in world.organisations:
            name = f"{short}{provinces()[province].zh}公司（示例）"
            parent = world.organisations[group]
            _put(world, sheaf, code, _K.BASIC_CARRIER_PROVINCE, name, province, parent)


def _resellers(world: World, sheaf: Sheaf) -> None:
    """Each with letters of its own, by which its numbers begin."""
    letters = [f"{one}{two}" for one in "MN" for two in "ABCDEFGHJKLMNPQRSTUWX"]
    homes = (*_FIRST, *provinces())
    for at, word in enumerate(_RESELLERS):
        province = homes[at % len(homes)]
        name = f"{word}移动转售（示例）"
        _put(world, sheaf, f"{letters[at]}-{province}", _K.RESELLER, name, province)


def _put(  # noqa: PLR0913, PLR0917 - an organisation's parts
    world: World,
    sheaf: Sheaf,
    code: str,
    kind: OrganisationKind,
    name: str,
    province: str | None = None,
    parent: Organisation | None = None,
) -> None:
    made = world.now - _OLD
    row = Organisation(
        id=world.id_at(made), code=code, kind=kind, name=name, province=province,
        parent_id=parent.id if parent else None, created_at=made,
    )  # fmt: skip
    sheaf.put(Organisation, **row.model_dump())
    world.organisations[code] = row


def _people(world: World) -> None:
    desk = world.house.desk()
    for organisation, login, name, role in PEOPLE:
        user, _ = add_user(
            desk, organisation=organisation, login=login, name=name, password=PASSWORD
        )
        grant_role(desk, user.id, role)
