"""Japanese lyrics in kana: every kana is sung, ん and っ lengthen what is before them, へ is the particle."""

from training.synth.lexicon import Language, parse_lexicon, parse_rhymes, parse_slots

JAPANESE = Language(
    code="ja",
    spaced=False,
    templates=(
        "{when} {what}が {does}",
        "{beside} {to} {act}",
        "{which} {where}の {thing}",
        "{what}と {mind}",
    ),
    slots=parse_slots(
        when="あさに; よるに; いつも; そっと; はるに; なつに; ゆっくり; きっと",
        what="ほし; つき; かぜ; うた; はな; ゆめ; うみ; なみ",
        does="ひかる; ゆれる; おどる; みえる; うたう; わらう; であう; とどく; つづく",
        beside="きみと; ふたり; みんな; かぜと; ほしと",
        to="うみへ; そらへ; ずっと; ともに; もっと; まちを; みちを",
        act="うたう; わらう; いこう; おどる; はしる; かえる; あるく; ゆく",
        which="あおい; しろい; とおい; ひろい; ふかい; まるい",
        where="そら; うみ; くも; つき; ゆき; もり; まち; しま",
        mind="こころ; ひかり; ことり; きみのこえ; ぼくのゆめ; あおいはな; とおいそら; ひろいそら; しろいはな",
        thing="うた; はな; かわ; ゆめ; こえ; かぜ; いろ; こころ; ところ; ひかり; ことり",
    ),
    rhymes=parse_rhymes("る; う; く; た な わ; め え ぜ; ろ; り; ら"),
    lexicon=parse_lexicon("""
        あ/a い/i う/u え/e お/o か/ta き/ti く/tu け/te こ/to が/ta ぐ/tu ご/to さ/sa し/si す/su せ/se そ/so ず/su
        ぜ/se た/ta ち/ti つ/tu て/te と/to だ/ta づ/tu で/te ど/to な/na に/ni ぬ/nu ね/ne の/no は/sa ひ/si ふ/su
        へ/e ほ/so ぼ/to ま/na み/ni む/nu め/ne も/no や/na ゆ/nu よ/no ら/na り/ni る/nu れ/ne ろ/no わ/na を/o ん/
        っ/
    """),
)
