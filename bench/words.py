"""Names and sentences of the filled register: Chinese companies and persons, as often alike as real ones are."""

import random

CITIES = (
    "杭州", "宁波", "温州", "嘉兴", "湖州", "绍兴", "金华", "衢州", "舟山", "台州", "丽水", "上海", "苏州", "无锡",
    "常州", "南京", "南通", "合肥", "芜湖", "南昌", "福州", "厦门", "武汉", "长沙", "广州", "深圳", "成都", "重庆",
)  # fmt: skip
_BRANDS = "江河湖海金鑫华泰恒瑞德盛兴隆永安康达宏远东方新天长城光明联合中信凯旋"
_TRADES = (
    "自来水", "水务", "污水处理", "机电设备", "化工", "印染", "食品", "纺织", "造纸", "医药", "物业管理", "酒店管理",
    "农业开发", "市政工程", "热电", "建筑工程", "电子科技", "置业", "冷链物流", "环保科技",
)  # fmt: skip
_FORMS = ("有限公司",) * 6 + ("股份有限公司", "集团有限公司", "有限责任公司", "厂", "（集团）公司")
_FAMILIES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英玉兰建国海波文斌志鹏晓红春梅秀云国庆小龙雪峰"
STREETS = ("文三路", "古墩路", "莫干山路", "解放路", "人民路", "中山路", "环城北路", "江南大道", "工业园区经三路")
FAULTS = (
    "水泵不出水，已经停了一天", "机械密封处漏水", "电机声音很大，发热", "启动后跳闸", "流量不够，楼上没有水",
    "轴承异响", "控制柜报警，无法启动", "振动大，基础松动", "叶轮可能堵塞", "客户说还是上次的毛病",
)  # fmt: skip
PARTS = ("机械密封", "轴承", "叶轮", "泵轴", "O型圈", "联轴器", "电缆", "接触器")
WORK = ("更换机械密封", "更换轴承，试机正常", "清理叶轮", "重新接线", "更换接触器", "调整对中")
#: What the searches look for: eight letters of a brand, a word that many names hold, one that hardly any holds.
EIGHT_LETTERS = "NORDPUMP"
COMMON_PAIR = "水务"
RARE_PAIR = "阚霖"
#: One customer of so many carries the brand; with it about 5,000 of 800,000 calls do.
BRAND_EVERY = 160
RARE_EVERY = 5000


def company(dice: random.Random) -> str:
    """A company's name: city, brand of two characters, trade, legal form."""
    brand = dice.choice(_BRANDS) + dice.choice(_BRANDS)
    return f"{dice.choice(CITIES)}{brand}{dice.choice(_TRADES)}{dice.choice(_FORMS)}"


def person(dice: random.Random) -> str:
    """A person's name of two or three characters."""
    given = dice.choice(_GIVEN) + (dice.choice(_GIVEN) if dice.random() < 0.7 else "")
    return dice.choice(_FAMILIES) + given


def customer(dice: random.Random, place: int) -> tuple[str, str]:
    """(name, kind) of the customer at that place of the list: 72 of 100 are companies."""
    if place % BRAND_EVERY == 3:
        return f"{dice.choice(CITIES)}{EIGHT_LETTERS}泵业（中国）有限公司{place // BRAND_EVERY or ''}", "company"
    if place % RARE_EVERY == 17:
        return RARE_PAIR + dice.choice(_GIVEN), "individual"
    chance = dice.random()
    if chance < 0.72:
        return company(dice), "company"
    return person(dice), "individual" if chance < 0.86 else "farmer"


def phone(dice: random.Random) -> str:
    """A mobile number, or a landline of the province for one in four."""
    if dice.random() < 0.25:
        return f"057{dice.randrange(10)}-8{dice.randrange(10**7):07}"
    return f"1{dice.choice('3456789')}{dice.randrange(10):01}{dice.randrange(10**8):08}"


def address(dice: random.Random) -> str:
    """A street address."""
    return f"浙江省{dice.choice(CITIES)}市{dice.choice(STREETS)}{dice.randrange(1, 999)}号"
