"""Mandarin lyrics: every character is a syllable."""

from training.synth.lexicon import Language, parse_lexicon, parse_rhymes, parse_slots

MANDARIN = Language(
    code="zh",
    spaced=False,
    templates=(
        "{when}{clause}",
        "{when}{clause}",
        "{subject}{how}{does}",
        "{call}，{wish}",
        "{which}{place}，{sight}",
    ),
    slots=parse_slots(
        when="每个清晨; 夏天夜里; 安静的夜; 在小河边; 有一天; 春天来时; 在你身边; 走在路上",
        clause="""
            我想起你; 我在等你; 陪在你身旁; 看见星光; 月亮很亮; 轻轻歌唱; 风轻轻来; 花慢慢开; 我们看海; 做一个梦;
            听见风声; 点一盏灯; 我们回家; 开满了花; 星星满天; 梦在天边; 再次相见; 牵着你的手; 慢慢地走; 听你的心;
            听见琴音
        """,
        subject="月亮; 星星; 微风; 小河; 白云; 小鸟; 流水; 夜晚",
        how="轻轻; 慢慢; 静静; 悄悄",
        does="歌唱; 发光; 到来; 离开; 入眠; 飞到天边; 入梦; 回家; 游走; 唱给你; 说出真心",
        call="跟我来; 别害怕; 亲爱的; 我的朋友; 听我说; 慢慢地",
        wish="""
            一起看海; 一起歌唱; 去远方; 一起做梦; 一起回家; 向着天边; 牵你的手; 一直往前走; 打开你的心; 我和你;
            向未来
        """,
        which="蓝色的; 安静的; 金色的; 温柔的; 美丽的",
        place="海; 夜; 天; 山; 河",
        sight="远方的光; 温暖的光; 小小的灯; 春天的风; 天边的海; 甜甜的梦; 雨中的花; 童年的家; 年轻的心; 我们的手",
    ),
    rhymes=parse_rhymes("你; 旁 光 亮 唱 方; 来 开 海; 梦 声 灯 风; 家 花; 天 边 见 眠; 手 走; 心 音"),
    lexicon=parse_lexicon("""
        一/i 上/sa 个/te 中/to 了/ne 云/nu 亮/na 亲/ti 你/ni 做/to 光/ta 入/nu 再/ta 出/tu 别/te 到/ta 前/te 去/tu
        友/no 发/sa 向/sa 听/ti 和/se 唱/ta 回/se 地/te 在/ta 声/se 夏/sa 夜/ne 天/te 害/sa 家/ta 小/sa 山/sa 开/ta
        微/ne 心/si 怕/ta 悄/ta 想/sa 慢/na 手/so 打/ta 星/si 春/tu 晚/na 晨/te 月/ne 有/no 朋/te 未/ne 来/na 柔/no
        梦/ne 次/si 歌/te 每/ne 水/se 河/se 流/no 海/sa 清/ti 温/ne 游/no 满/na 灯/te 点/te 爱/a 牵/te 琴/ti 甜/te
        白/ta 的/te 直/si 相/sa 看/ta 真/te 眠/ne 着/te 离/ni 童/to 等/te 给/te 美/ne 色/se 花/sa 蓝/na 见/te 说/so
        走/to 起/ti 跟/te 路/nu 身/se 轻/ti 边/te 远/ne 金/ti 陪/te 雨/nu 静/ti 音/i 风/se 飞/se 鸟/na 我/no 们/ne
        时/si 暖/na 年/ne 旁/ta 方/sa 里/ni 很/se 往/na 安/a 盏/ta 丽/ni
    """),
)
