"""Japanese captions."""

from training.synth.facts import Voice
from training.synth.phrasebook import Phrasebook, parse_styles, parse_traits, parse_words, split

_DRUMS = """
    techno: 四つ打ちのキック; ドラムマシン
    house: 四つ打ちのビート; ドラムマシン
    lo-fi hip hop: くすんだドラム; ヒップホップのビート
    waltz: ブラシのドラム
    ambient: かすかなパーカッション; シェイカー
    rock: 力強いドラム; ドラムセット
    bossa nova: リムショットとシェイカー; ボサのパーカッション
    chiptune: 8ビットのドラム
    ballad: 控えめなドラム
    reggae: ワンドロップのドラム
    march: スネアと大太鼓; 行進の小太鼓
    drum and bass: 高速ブレイクビーツ; ブレイクビーツ
    indie folk: ブラシのドラム; ブラシとシェイカー
    jig: フレームドラム; バウロン
    swing jazz: ジャズドラム; ライドシンバル
    funk: 切れ味のあるファンクドラム; 16ビートのハイハット
"""

JAPANESE = Phrasebook(
    code="ja",
    styles=parse_styles(
        """
        techno: テクノ; クラブテクノ
        house: ハウス; ハウスミュージック
        lo-fi hip hop: ローファイ・ヒップホップ; ローファイ
        waltz: ワルツ
        ambient: アンビエント
        rock: ロック
        bossa nova: ボサノバ; ボサノヴァ
        chiptune: チップチューン; 8ビット音楽
        ballad: バラード
        reggae: レゲエ
        march: 行進曲; マーチ
        drum and bass: ドラムンベース
        indie folk: インディーフォーク; フォーク
        jig: ジグ; アイリッシュ・ジグ
        swing jazz: スウィングジャズ; ジャズ
        funk: ファンク
        """,
        parse_words(_DRUMS),
    ),
    instruments=parse_words("""
        synth bass: シンセベース
        upright bass: ウッドベース; コントラバス
        cello: チェロ
        sub bass: サブベース
        electric bass: エレキベース
        triangle bass: 三角波ベース
        tuba: チューバ
        reese bass: リースベース
        synth stab: シンセの和音
        organ: オルガン
        piano: ピアノ
        electric piano: エレピ; ローズピアノ
        accordion: アコーディオン
        string section: ストリングス; 弦楽
        harp: ハープ
        bell: ベル
        distorted guitar: 歪んだギター; ディストーションギター
        nylon guitar: ガットギター; ナイロンギター
        pulse arpeggio: パルス波アルペジオ
        clean guitar: クリーンギター
        brass section: ブラスセクション; ブラス
        acoustic guitar: アコースティックギター; アコギ
        clavinet: クラビネット
        synth pad: シンセパッド
        choir: クワイア
        saw lead: ノコギリ波リード
        square lead: 矩形波リード
        vibraphone: ビブラフォン
        flute: フルート
        violin: バイオリン
        clarinet: クラリネット
        distorted lead guitar: リードギター
        trumpet: トランペット
        fiddle: フィドル
        tin whistle: ティンホイッスル
        saxophone: サックス
    """),
    traits=parse_traits("""
        slow: ゆっくりした; ゆったりした
        mid-tempo: ミドルテンポの
        fast: 速い; テンポのよい
        major: 希望に満ちた; 優しい
        minor: 切ない; 物悲しい
        warm: 温かい; まろやかな
        bright: きらめく; くっきりした
        sparse: 音数の少ない; 繊細な
        busy: 音の詰まった; にぎやかな
        dry: 近い音の; 残響の少ない
        spacious: 広がりのある; 夢のような
        calm: 静かな; 穏やかな; 落ち着いた
        energetic: 勢いのある; 躍動的な
        sad: 悲しい; 寂しい
        joyful: 楽しい; 陽気な
        dark: 暗い; 陰のある
        sunny: 明るい; 晴れやかな
    """),
    voices={
        Voice.FEMALE: split("女性ボーカル; 女性の歌声"),
        Voice.MALE: split("男性ボーカル; 男性の歌声"),
    },
    instrumental=split("インストゥルメンタル; 歌なし"),
    heads=split("{style}; {mood}{style}"),
    mood_tag="{mood}雰囲気",
    openings=split("""
        {mood}{style}。{instruments}が中心。; {mood}{style}。; {instruments}による{mood}{style}。;
        {mood}、{mood}{style}、{instruments}。; {instruments}と{drums}の{mood}{style}。;
        {voice}と{instruments}の{mood}{style}。
    """),
    continuations=split("""
        リズムは{drums}。; {voice}入り。; {instrumental}。; {mood}雰囲気。; {mood}、{mood}音。; テンポは{bpm}。
    """),
    details=split("テンポ{bpm}"),
    wishes=split("""
        {mood}{style}; {instrument}が入った{style}; {mood}、{mood}{style}; {style}、{instrumental}; {voice}の{style};
        {mood}{style}を作って; {instrument}の{mood}{style}が聴きたい
    """),
    comma="、",
    conjunction="と",
    gap="",
)
