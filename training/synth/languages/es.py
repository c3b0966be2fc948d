"""Spanish lyrics."""

from training.synth.lexicon import Language, parse_lexicon, parse_rhymes, parse_slots

SPANISH = Language(
    code="es",
    templates=(
        "{when} {clause}",
        "{subject} {moves} {place}",
        "{come} {goal}",
        "{sight}, {other}",
    ),
    slots=parse_slots(
        when="esta noche; cada día; en tus ojos; con el viento; otra tarde; en mis sueños; de mañana; en verano",
        clause="""
            quiero cantar; quiero bailar; voy a soñar; miro el mar; nace el amor; nace una flor; siento calor;
            suena tu voz; oigo tu canción; llega el sol; brilla el sol; cruzo el cielo; miro el cielo; alzo el vuelo;
            canta el viento; es mi momento; sale la luna; brilla la luna
        """,
        subject="la luna; el río; mi alma; tu voz; el viento; la lluvia; el ave; la gente; la tarde",
        moves="canta; baila; sueña; vuelve; pasa",
        place="""
            junto al mar; con amor; con calor; como el sol; sobre el mar; bajo el sol; por el cielo; sin descansar;
            con pasión; con ilusión; con el viento; con la luna; con mi voz
        """,
        come="ven conmigo; vamos juntos; ven a mi lado; ven esta noche; vuelve conmigo",
        goal="""
            a bailar; a cantar; a soñar; junto al mar; bajo el sol; mi amor; mi corazón; hacia el mar; dulce amor;
            con tu canción
        """,
        sight="noche clara; luna blanca; rosa roja; calle vieja; lluvia suave; casa blanca",
        other="""
            dulce amor; blanca flor; luz del sol; dulce canción; ola del mar; gran corazón; azul del mar; tanto calor
        """,
    ),
    rhymes=parse_rhymes("""
        cantar bailar soñar mar descansar; amor flor calor; canción corazón pasión ilusión voz; sol; cielo vuelo;
        viento momento; luna
    """),
    lexicon=parse_lexicon("""
        a/a al/a alma/a-na alzo/a-so amor/a-no ave/a-ne azul/a-su baila/ta-na bailar/ta-na bajo/ta-so blanca/ta-ta
        brilla/ti-na cada/ta-ta calle/ta-ne calor/ta-no canción/ta-so canta/ta-ta cantar/ta-ta casa/ta-sa cielo/se-no
        clara/ta-na como/to-no con/to conmigo/to-ni-to corazón/to-na-so cruzo/tu-so de/te del/te descansar/te-ta-sa
        dulce/tu-se día/ti-a el/e en/e es/e esta/e-ta flor/so gente/se-te gran/ta hacia/a-sa ilusión/i-nu-so
        junto/su-to juntos/su-to la/na lado/na-to llega/ne-ta lluvia/nu-na luna/nu-na luz/nu mar/na mañana/na-na-na
        mi/ni miro/ni-no mis/ni momento/no-ne-to nace/na-se noche/no-se oigo/o-to ojos/o-so ola/o-na otra/o-ta
        pasa/ta-sa pasión/ta-so por/to quiero/te-no roja/no-sa rosa/no-sa río/ni-o sale/sa-ne siento/se-to sin/si
        sobre/so-te sol/so soñar/so-na suave/sa-ne suena/se-na sueña/se-na sueños/se-no tanto/ta-to tarde/ta-te tu/tu
        tus/tu una/u-na vamos/ta-no ven/te verano/te-na-no vieja/te-sa viento/te-to voy/to voz/to vuelo/te-no
        vuelve/te-te
    """),
)
