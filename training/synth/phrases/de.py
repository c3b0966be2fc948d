"""German captions."""

from training.synth.facts import Voice
from training.synth.phrasebook import Phrasebook, parse_styles, parse_traits, parse_words, split

_DRUMS = """
    techno: Viervierteltakt-Kick; Drumcomputer
    house: Drumcomputer; House-Beat mit Claps
    lo-fi hip hop: staubiges Schlagzeug; Hip-Hop-Beat
    waltz: Schlagzeug mit Besen; Besenschlagzeug
    ambient: leise Perkussion; Shaker
    rock: lautes Schlagzeug; Rockschlagzeug
    bossa nova: leise Bossa-Perkussion; Shaker
    chiptune: 8-Bit-Schlagzeug
    ballad: sanftes Schlagzeug; Schlagzeug
    reggae: One-Drop-Schlagzeug; Schlagzeug
    march: kleine Trommel und Pauke; Marschtrommeln
    drum and bass: schneller Breakbeat; Breakbeats
    indie folk: Schlagzeug mit Besen; Besenschlagzeug
    jig: Rahmentrommel; Bodhrán
    swing jazz: Schlagzeug mit Ride-Becken; Jazzschlagzeug
    funk: synkopiertes Schlagzeug; Funk-Schlagzeug
"""

GERMAN = Phrasebook(
    code="de",
    styles=parse_styles(
        """
        techno: Techno; Clubtechno
        house: House; House-Musik
        lo-fi hip hop: Lo-Fi-Hip-Hop; Lofi-Beats
        waltz: Walzer; Konzertwalzer
        ambient: Ambient; Ambient-Musik
        rock: Rock; Rockmusik
        bossa nova: Bossa nova
        chiptune: Chiptune; 8-Bit-Musik
        ballad: Ballade; Popballade
        reggae: Reggae
        march: Marsch; Marschmusik
        drum and bass: Drum and Bass; Drum'n'Bass
        indie folk: Indie-Folk; Indie Folk
        jig: Jig; irischer Tanz
        swing jazz: Swing; Swing-Jazz; Jazz
        funk: Funk
        """,
        parse_words(_DRUMS),
    ),
    instruments=parse_words("""
        synth bass: Synthesizerbass; Synth-Bass
        upright bass: Kontrabass
        cello: Cello
        sub bass: Subbass
        electric bass: E-Bass
        triangle bass: Dreieckwellen-Bass
        tuba: Tuba
        reese bass: Reese-Bass
        synth stab: Synthesizer; Synth-Stabs
        organ: Orgel
        piano: Klavier
        electric piano: E-Piano; Rhodes-Piano
        accordion: Akkordeon
        string section: Streichorchester; Streichersatz
        harp: Harfe
        bell: Glockenspiel
        distorted guitar: E-Gitarre; Rhythmusgitarre
        nylon guitar: Konzertgitarre
        pulse arpeggio: Chip-Arpeggio
        clean guitar: E-Gitarre
        brass section: Bläsersatz
        acoustic guitar: Akustikgitarre; Westerngitarre
        clavinet: Clavinet
        synth pad: Synthesizerfläche
        choir: Chor
        saw lead: Synthesizer-Lead
        square lead: Rechteck-Lead
        vibraphone: Vibraphon
        flute: Flöte; Querflöte
        violin: Geige; Violine
        clarinet: Klarinette
        distorted lead guitar: Leadgitarre
        trumpet: Trompete
        fiddle: Fiedel
        tin whistle: Tin Whistle; Blechflöte
        saxophone: Saxophon
    """),
    traits=parse_traits("""
        slow: langsam; gemächlich
        mid-tempo: in mittlerem Tempo
        fast: schnell; flott
        major: hoffnungsvoll; freundlich
        minor: wehmütig; melancholisch
        warm: warm; weich
        bright: hell; glitzernd
        sparse: sparsam; zart
        busy: dicht; voll
        dry: trocken; nah
        spacious: weiträumig; verträumt
        calm: ruhig; entspannt; friedlich
        energetic: treibend; energisch; lebhaft
        sad: traurig; einsam
        joyful: fröhlich; heiter
        dark: dunkel; düster
        sunny: sonnig; strahlend
    """),
    voices={
        Voice.FEMALE: split("Frauenstimme; weiblicher Gesang; Sängerin"),
        Voice.MALE: split("Männerstimme; männlicher Gesang; Sänger"),
    },
    instrumental=split("instrumental; ohne Gesang; rein instrumental"),
    heads=split("{style}"),
    openings=split("""
        {style} mit {instruments}, {mood} und {mood}.; {style}, {mood}, mit {instruments}.; {style}, {mood}.;
        {style} mit {instruments}.; {style}, {mood} und {mood}: {instruments}, {drums}.;
        {style} mit {instrument} und {instrument}, dazu {voice}.
    """),
    continuations=split("""
        dazu {drums}.; darüber {voice}.; {instrumental}.; die Stimmung ist {mood}.; es klingt {mood} und {mood}.;
        das Tempo liegt bei {bpm} Schlägen pro Minute.
    """),
    details=split("{bpm} bpm"),
    wishes=split("""
        {style}, {mood}; {style} mit {instrument}; {style}, {mood}, mit {instrument}; {style}, {mood} und {mood};
        {style}, {instrumental}; {style}, {voice}; etwas, das {mood} klingt: {style}; {style}, bitte {mood}
    """),
    conjunction=" und ",
)
