"""Italian lyrics."""

from training.synth.lexicon import Language, parse_lexicon, parse_rhymes, parse_slots

ITALIAN = Language(
    code="it",
    templates=(
        "{when} {clause}",
        "{subject} {moves} {place}",
        "{come} {goal}",
        "{sight}, {other}",
    ),
    slots=parse_slots(
        when="""
            questa notte; ogni giorno; la mattina; con il vento; in silenzio; nel giardino; poi d'estate; nel sogno
        """,
        clause="""
            voglio cantare; voglio ballare; guardo il mare; torno al mare; canta il cuore; nasce un fiore;
            parla d'amore; sei vicino; sei sul cammino; sei una stella; sei così bella; soffia il vento;
            è il momento; cerco il sole; sento parole; canto la luna; porta fortuna
        """,
        subject="la luna; il mare; il vento; la notte; la voce; il fiume; la gente; la strada",
        moves="canta; balla; sogna; passa; torna",
        place="""
            con amore; sul mare; nel cuore; nel vento; nel sole; in un fiore; nel mattino; pian pianino; sul cammino;
            con la luna
        """,
        come="vieni con me; vieni qui; torna da me; resta con me; su, vieni",
        goal="a cantare; a ballare; a sognare; verso il mare; sotto il sole; amore; nel vento; sul cammino",
        sight="notte chiara; luna piena; cielo blu; lunga strada; acqua chiara; sera calma",
        other="""
            dolce amore; vecchio mare; rosso fiore; caldo vento; bianca stella; primo mattino; terra bella;
            raggio di sole
        """,
    ),
    rhymes=parse_rhymes("""
        cantare ballare sognare mare; cuore fiore d'amore amore; vicino cammino mattino pianino; stella bella;
        vento momento; sole parole; luna fortuna
    """),
    lexicon=parse_lexicon("""
        a/a acqua/a-ta al/a amore/a-no-ne balla/ta-na ballare/ta-na-ne bella/te-na bianca/ta-ta blu/tu caldo/ta-to
        calma/ta-na cammino/ta-ni-no canta/ta-ta cantare/ta-ta-ne canto/ta-to cerco/se-to chiara/ta-na cielo/se-no
        con/to così/to-si cuore/to-ne d'amore/ta-no-ne d'estate/te-ta-te da/ta di/ti dolce/to-se fiore/so-ne
        fiume/su-ne fortuna/so-tu-na gente/te-te giardino/ta-ti-no giorno/to-no guardo/ta-to il/i in/i la/na
        luna/nu-na lunga/nu-ta mare/na-ne mattina/na-ti-na mattino/na-ti-no me/ne momento/no-ne-to nasce/na-se nel/ne
        notte/no-te ogni/o-ni parla/ta-na parole/ta-no-ne passa/ta-sa pian/ta pianino/ta-ni-no piena/te-na poi/to
        porta/to-ta primo/ti-no questa/te-ta qui/ti raggio/na-to resta/ne-ta rosso/no-so sei/se sento/se-to
        sera/se-na silenzio/si-ne-so soffia/so-sa sogna/so-na sognare/so-na-ne sogno/so-no sole/so-ne sotto/so-to
        stella/se-na strada/sa-ta su/su sul/su terra/te-na torna/to-na torno/to-no un/u una/u-na vecchio/ne-to
        vento/ne-to verso/ne-so vicino/ni-si-no vieni/ne-ni voce/no-se voglio/no-no è/e
    """),
)
