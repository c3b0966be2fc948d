"""Chinese captions."""

from training.synth.facts import Voice
from training.synth.phrasebook import Phrasebook, parse_styles, parse_traits, parse_words, split

_DRUMS = """
    techno: 四拍底鼓; 鼓机
    house: 鼓机和拍手; 四拍底鼓
    lo-fi hip hop: 复古质感的鼓点; 嘻哈鼓点
    waltz: 鼓刷; 鼓刷伴奏
    ambient: 轻微的打击乐; 沙锤
    rock: 有力的鼓; 架子鼓
    bossa nova: 沙锤和边击; 巴萨打击乐
    chiptune: 8位鼓点
    ballad: 轻柔的鼓; 简单的鼓点
    reggae: 雷鬼鼓点; 架子鼓
    march: 小军鼓和大鼓; 军鼓
    drum and bass: 快速碎拍; 碎拍鼓点
    indie folk: 鼓刷; 鼓刷和沙锤
    jig: 框鼓; 手鼓
    swing jazz: 爵士鼓; 叮叮镲
    funk: 切分鼓点; 放克鼓点
"""

MANDARIN = Phrasebook(
    code="zh",
    styles=parse_styles(
        """
        techno: 科技舞曲; Techno舞曲
        house: 浩室舞曲; House舞曲
        lo-fi hip hop: 低保真嘻哈; Lo-fi嘻哈
        waltz: 圆舞曲; 华尔兹
        ambient: 氛围音乐
        rock: 摇滚; 摇滚乐
        bossa nova: 巴萨诺瓦; 波萨诺瓦
        chiptune: 芯片音乐; 8位音乐
        ballad: 抒情歌谣; 抒情慢歌
        reggae: 雷鬼; 雷鬼乐
        march: 进行曲; 军乐进行曲
        drum and bass: 鼓打贝斯
        indie folk: 独立民谣; 民谣
        jig: 吉格舞曲; 爱尔兰舞曲
        swing jazz: 摇摆爵士; 爵士乐
        funk: 放克; 放克音乐
        """,
        parse_words(_DRUMS),
    ),
    instruments=parse_words("""
        synth bass: 合成器贝斯
        upright bass: 低音提琴
        cello: 大提琴
        sub bass: 超低音贝斯
        electric bass: 电贝斯
        triangle bass: 三角波低音
        tuba: 大号
        reese bass: Reese贝斯
        synth stab: 合成器和弦
        organ: 管风琴音色; 风琴
        piano: 钢琴
        electric piano: 电钢琴
        accordion: 手风琴
        string section: 弦乐; 弦乐组
        harp: 竖琴
        bell: 钟琴
        distorted guitar: 失真吉他; 失真电吉他
        nylon guitar: 古典吉他; 尼龙弦吉他
        pulse arpeggio: 脉冲波琶音
        clean guitar: 清音电吉他
        brass section: 铜管乐; 铜管组
        acoustic guitar: 木吉他; 原声吉他
        clavinet: 击弦古钢琴
        synth pad: 合成器铺底
        choir: 合唱音色
        saw lead: 锯齿波主音
        square lead: 方波主音
        vibraphone: 颤音琴
        flute: 长笛
        violin: 小提琴
        clarinet: 单簧管
        distorted lead guitar: 主音吉他
        trumpet: 小号
        fiddle: 民间提琴
        tin whistle: 锡笛; 哨笛
        saxophone: 萨克斯
    """),
    traits=parse_traits("""
        slow: 缓慢; 舒缓
        mid-tempo: 中速
        fast: 快速; 轻快
        major: 充满希望; 甜美
        minor: 忧郁; 惆怅
        warm: 温暖; 柔和
        bright: 明亮; 清脆
        sparse: 简约; 细腻
        busy: 密集; 饱满
        dry: 干净; 亲近
        spacious: 空灵; 开阔; 梦幻
        calm: 宁静; 放松; 平静
        energetic: 充满活力; 激昂
        sad: 悲伤; 孤独
        joyful: 欢快; 快乐
        dark: 黑暗; 阴郁
        sunny: 阳光; 灿烂
    """),
    voices={
        Voice.FEMALE: split("女声演唱; 女声; 女歌手"),
        Voice.MALE: split("男声演唱; 男声; 男歌手"),
    },
    instrumental=split("纯音乐; 无人声; 器乐"),
    heads=split("{style}; {mood}的{style}"),
    openings=split("""
        一首{mood}的{style}，以{instruments}为主。; 一首{mood}的{style}。;
        {mood}、{mood}的{style}，配有{instruments}。; {style}，{instruments}，{mood}而{mood}。;
        一首{mood}的{style}，由{instruments}演奏，{drums}伴奏。; {mood}的{style}，{instruments}，{voice}。
    """),
    continuations=split("""
        节奏部分是{drums}。; {voice}。; {instrumental}。; 情绪{mood}。; 整体{mood}、{mood}。; 速度{bpm}拍每分钟。
    """),
    details=split("每分钟{bpm}拍"),
    wishes=split("""
        一首{mood}的{style}; 带{instrument}的{style}; {mood}、{mood}的{style}; {style}，{instrumental};
        {voice}的{style}; 来一首{mood}的{style}，要有{instrument}; 我想听{mood}的{style}
    """),
    comma="，",
    conjunction="和",
    gap="",
)
