"""French captions."""

from training.synth.facts import Voice
from training.synth.phrasebook import Phrasebook, parse_styles, parse_traits, parse_words, split

_DRUMS = """
    techno: grosse caisse sur chaque temps; boîte à rythmes
    house: boîte à rythmes avec claps; grosse caisse sur chaque temps
    lo-fi hip hop: batterie poussiéreuse; batterie hip-hop
    waltz: batterie aux balais; balais
    ambient: percussions discrètes; shaker
    rock: batterie puissante; batterie rock
    bossa nova: percussions bossa; shaker
    chiptune: batterie 8 bits
    ballad: batterie douce; batterie
    reggae: batterie one drop; batterie
    march: roulements de caisse claire; tambours de parade
    drum and bass: breakbeat rapide; breakbeats
    indie folk: batterie aux balais; balais et shaker
    jig: tambour sur cadre; bodhrán
    swing jazz: cymbale ride; batterie jazz
    funk: batterie syncopée; batterie funk
"""

FRENCH = Phrasebook(
    code="fr",
    styles=parse_styles(
        """
        techno: techno; techno de club
        house: house; musique house
        lo-fi hip hop: hip-hop lo-fi; lo-fi hip-hop
        waltz: valse; valse de bal
        ambient: ambient; musique ambient
        rock: rock; musique rock
        bossa nova: bossa nova
        chiptune: chiptune; musique 8 bits
        ballad: ballade; ballade pop
        reggae: reggae; reggae roots
        march: marche militaire; marche de parade
        drum and bass: drum and bass
        indie folk: folk indé; indie folk
        jig: gigue; gigue irlandaise
        swing jazz: swing; jazz swing; jazz
        funk: funk
        """,
        parse_words(_DRUMS),
    ),
    instruments=parse_words("""
        synth bass: basse synthétique
        upright bass: contrebasse
        cello: violoncelle
        sub bass: infrabasse
        electric bass: basse électrique
        triangle bass: basse à onde triangulaire
        tuba: tuba
        reese bass: basse reese
        synth stab: accords de synthé
        organ: orgue
        piano: piano
        electric piano: piano électrique; piano Rhodes
        accordion: accordéon
        string section: cordes; section de cordes
        harp: harpe
        bell: cloches
        distorted guitar: guitare saturée; guitare électrique
        nylon guitar: guitare classique; guitare nylon
        pulse arpeggio: arpèges de puce sonore
        clean guitar: guitare claire
        brass section: cuivres; section de cuivres
        acoustic guitar: guitare acoustique; guitare sèche
        clavinet: clavinet
        synth pad: nappe de synthé
        choir: chœur
        saw lead: synthé solo
        square lead: onde carrée
        vibraphone: vibraphone
        flute: flûte
        violin: violon
        clarinet: clarinette
        distorted lead guitar: guitare solo
        trumpet: trompette
        fiddle: fiddle
        tin whistle: flûte irlandaise
        saxophone: saxophone
    """),
    traits=parse_traits("""
        slow: lent; posé
        mid-tempo: à tempo moyen
        fast: rapide; vif
        major: plein d'espoir; doux
        minor: mélancolique; nostalgique
        warm: chaud; feutré
        bright: brillant; cristallin
        sparse: épuré; délicat
        busy: dense; foisonnant
        dry: sec; intime
        spacious: ample; rêveur; aérien
        calm: calme; paisible; détendu
        energetic: énergique; entraînant
        sad: triste; solitaire
        joyful: joyeux; gai
        dark: sombre; ténébreux
        sunny: ensoleillé; radieux
    """),
    voices={
        Voice.FEMALE: split("voix féminine; chant féminin; chanteuse"),
        Voice.MALE: split("voix masculine; chant masculin; chanteur"),
    },
    instrumental=split("instrumental; sans chant"),
    heads=split("{style}"),
    openings=split("""
        un morceau {mood} dans le style {style}, avec {instruments}.; {style}, {mood} et {mood}, avec {instruments}.;
        {style} avec {instruments}.; {style}, un morceau {mood}.;
        un morceau {mood} et {mood}, style {style}, avec {instruments} et {voice}.;
        un morceau {mood} dans le style {style}: {instruments}, {drums}.
    """),
    continuations=split("""
        au rythme: {drums}.; avec {voice}.; {instrumental}.; le climat est {mood}.; un son {mood} et {mood}.;
        le tempo est de {bpm} bpm.
    """),
    details=split("{bpm} bpm"),
    wishes=split("""
        un morceau {mood} dans le style {style}; {style} avec {instrument}; {style}, {mood} et {mood};
        {style}, {instrumental}; {style} avec {voice};
        je voudrais un morceau {mood}, style {style}, avec {instrument}; quelque chose de {mood}, {style}
    """),
    conjunction=" et ",
)
