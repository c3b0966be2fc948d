"""Spanish captions."""

from training.synth.facts import Voice
from training.synth.phrasebook import Phrasebook, parse_styles, parse_traits, parse_words, split

_DRUMS = """
    techno: bombo a negras; caja de ritmos
    house: caja de ritmos con palmas; bombo a negras
    lo-fi hip hop: batería polvorienta; batería de hip hop
    waltz: batería con escobillas; escobillas
    ambient: percusión tenue; shaker
    rock: batería fuerte; batería de rock
    bossa nova: percusión de bossa; aro y shaker
    chiptune: batería de 8 bits
    ballad: batería suave; batería
    reggae: batería one drop; batería
    march: redobles de caja y bombo; tambores de desfile
    drum and bass: breakbeat veloz; breakbeats
    indie folk: batería con escobillas; escobillas y shaker
    jig: pandero; bodhrán
    swing jazz: platillo ride; batería de jazz
    funk: batería sincopada; batería de funk
"""

SPANISH = Phrasebook(
    code="es",
    styles=parse_styles(
        """
        techno: techno; techno de club
        house: house; música house
        lo-fi hip hop: hip hop lo-fi; lo-fi hip hop
        waltz: vals; vals de salón
        ambient: ambient; música ambient
        rock: rock; música rock
        bossa nova: bossa nova
        chiptune: chiptune; música de 8 bits
        ballad: balada; balada pop
        reggae: reggae; reggae roots
        march: marcha; marcha militar
        drum and bass: drum and bass
        indie folk: indie folk; folk independiente
        jig: giga; giga irlandesa
        swing jazz: swing; jazz swing; jazz
        funk: funk
        """,
        parse_words(_DRUMS),
    ),
    instruments=parse_words("""
        synth bass: bajo sintetizado
        upright bass: contrabajo
        cello: violonchelo
        sub bass: subgraves
        electric bass: bajo eléctrico
        triangle bass: bajo de onda triangular
        tuba: tuba
        reese bass: bajo reese
        synth stab: acordes de sintetizador
        organ: órgano
        piano: piano
        electric piano: piano eléctrico; piano Rhodes
        accordion: acordeón
        string section: cuerdas; sección de cuerdas
        harp: arpa
        bell: campanas
        distorted guitar: guitarra distorsionada; guitarra eléctrica
        nylon guitar: guitarra clásica; guitarra de nailon
        pulse arpeggio: arpegios de chip
        clean guitar: guitarra limpia; guitarra eléctrica limpia
        brass section: metales; sección de metales
        acoustic guitar: guitarra acústica
        clavinet: clavinet
        synth pad: colchón de sintetizador
        choir: coro
        saw lead: sintetizador solista
        square lead: onda cuadrada
        vibraphone: vibráfono
        flute: flauta
        violin: violín
        clarinet: clarinete
        distorted lead guitar: guitarra solista
        trumpet: trompeta
        fiddle: fiddle
        tin whistle: flauta irlandesa
        saxophone: saxofón; saxo
    """),
    traits=parse_traits("""
        slow: lento; pausado
        mid-tempo: a medio tiempo
        fast: rápido; veloz
        major: esperanzador; dulce
        minor: melancólico; nostálgico
        warm: cálido; aterciopelado
        bright: brillante; nítido
        sparse: sobrio; delicado
        busy: denso; repleto
        dry: seco; cercano
        spacious: amplio; soñador
        calm: tranquilo; relajado; sereno
        energetic: enérgico; vivo
        sad: triste; solitario
        joyful: alegre; feliz
        dark: oscuro; sombrío
        sunny: soleado; radiante
    """),
    voices={
        Voice.FEMALE: split("voz femenina; cantante femenina"),
        Voice.MALE: split("voz masculina; cantante masculino"),
    },
    instrumental=split("instrumental; sin voz"),
    heads=split("{style}"),
    openings=split("""
        un tema {mood} de {style} con {instruments}.; un tema {mood} de {style}.;
        {style} con {instruments}, {mood} y {mood}.; un tema de {style}, {mood} y {mood}, con {instruments}.;
        {style} con {instruments} y {voice}.; un tema {mood} de {style} con {instruments}, {drums} y {voice}.
    """),
    continuations=split("""
        lleva {drums}.; con {voice}.; {instrumental}.; el ambiente es {mood}.; suena {mood} y {mood}.; va a {bpm} bpm.
    """),
    details=split("{bpm} bpm"),
    wishes=split("""
        un tema {mood} de {style}; {style} con {instrument}; un tema {mood} y {mood} de {style};
        {style}, {instrumental}; {style} con {voice}; quiero un tema {mood} de {style} con {instrument};
        algo {mood} y {mood}, de {style}
    """),
    conjunction=" y ",
)
