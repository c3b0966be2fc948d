"""English captions."""

from training.synth.facts import Voice
from training.synth.phrasebook import Phrasebook, StyleWords, parse_traits, parse_words, split

_STYLES = {
    "techno": StyleWords(
        names=split("techno; club techno; warehouse techno; Detroit techno; Berlin techno"),
        pieces=split("techno track; techno club track; techno groove"),
        songs=split("vocal techno track"),
        drums=split("four-on-the-floor kick; pounding kick drum and claps; drum machine with offbeat hi-hats"),
    ),
    "house": StyleWords(
        names=split("house; house music; Chicago house; club house"),
        pieces=split("house track; house groove; house tune"),
        songs=split("vocal house track; house song"),
        drums=split("four-on-the-floor drums; house beat with open hi-hats; drum machine with claps on two and four"),
    ),
    "lo-fi hip hop": StyleWords(
        names=split("lo-fi hip hop; lofi hip hop; lo-fi hip-hop; lofi beats; lo-fi beats; chillhop; lofi; lo-fi"),
        pieces=split("lo-fi hip hop beat; lofi beat; chillhop track; lo-fi hip hop tune"),
        songs=split("lo-fi hip hop song; lofi song"),
        drums=split("dusty drums; dusty boom-bap drums; hip hop drums with lazy hi-hats"),
    ),
    "waltz": StyleWords(
        names=split("waltz; waltz music; ballroom waltz; concert waltz"),
        pieces=split("waltz; little waltz; ballroom waltz"),
        songs=split("sung waltz; waltz song"),
        drums=split("brushed drums; brushes on two and three; brushed snare"),
        keywords=split("waltzes; oom-pah-pah"),
    ),
    "ambient": StyleWords(
        names=split("ambient; ambient music"),
        pieces=split("ambient piece; ambient soundscape; ambient track"),
        songs=split("ambient song"),
        drums=split("faint percussion; soft shaker pulse; barely audible percussion"),
        keywords=split("soundscape"),
    ),
    "rock": StyleWords(
        names=split("rock; rock music; electric rock; alternative rock"),
        pieces=split("rock track; rock tune; rock number"),
        songs=split("rock song; rock anthem"),
        drums=split("rock drums; loud drums with crash cymbals; solid backbeat; acoustic drum kit"),
    ),
    "bossa nova": StyleWords(
        names=split("bossa nova; bossa; Brazilian bossa nova"),
        pieces=split("bossa nova tune; bossa nova piece; bossa nova groove"),
        songs=split("bossa nova song; bossa song"),
        drums=split("rim clicks and shaker; soft bossa percussion; cross-stick and shaker"),
    ),
    "chiptune": StyleWords(
        names=split("chiptune; 8-bit music; chip music; retro video game music; 8-bit chiptune"),
        pieces=split("chiptune; 8-bit tune; chiptune track; retro video game theme"),
        drums=split("8-bit drums; noise-channel drums; chip percussion"),
        keywords=split("8-bit; 8 bit; video game"),
    ),
    "ballad": StyleWords(
        names=split("ballad; pop ballad; sentimental ballad; heartfelt ballad"),
        pieces=split("ballad; pop ballad; heartfelt ballad"),
        keywords=split("ballads"),
        songs=split("vocal ballad; sung ballad"),
        drums=split("soft drums; simple slow drums; restrained drums"),
    ),
    "reggae": StyleWords(
        names=split("reggae; roots reggae; reggae music; Jamaican reggae"),
        pieces=split("reggae tune; reggae groove; reggae track"),
        songs=split("reggae song; roots reggae song"),
        drums=split("one-drop drums; one-drop beat; rim shot on three"),
    ),
    "march": StyleWords(
        names=split("march; military march; parade march; marching band music"),
        pieces=split("march; parade march; military march; marching tune"),
        songs=split("marching song"),
        drums=split("snare rolls and bass drum; marching snare; parade drums"),
        keywords=split("marching; marches"),
    ),
    "drum and bass": StyleWords(
        names=split("drum and bass; drum & bass; drum'n'bass; dnb; D&B"),
        pieces=split("drum and bass track; dnb tune; drum & bass track; drum and bass roller"),
        songs=split("vocal drum and bass track; vocal dnb tune"),
        drums=split("rapid breakbeats; fast breakbeat; rolling breakbeat; chopped breaks"),
        keywords=split("breakbeat; breakbeats; drum n bass"),
    ),
    "indie folk": StyleWords(
        names=split("indie folk; folk; modern folk; acoustic indie folk"),
        pieces=split("indie folk tune; folk tune; indie folk piece"),
        songs=split("indie folk song; folk song; indie folk song"),
        drums=split("brushed drums; soft brushed drums; brushes and shaker"),
    ),
    "jig": StyleWords(
        names=split("jig; Irish jig; Celtic jig; Irish folk dance"),
        pieces=split("jig; Irish jig; Celtic dance tune; Irish dance tune"),
        drums=split("frame drum; bodhrán; hand drum"),
        keywords=split("jigs; celtic; irish"),
    ),
    "swing jazz": StyleWords(
        names=split("swing jazz; swing; jazz; classic swing; jazz swing"),
        pieces=split("swing tune; jazz tune; swing jazz number; jazz number"),
        songs=split("jazz song; swing song"),
        drums=split("swinging ride cymbal; jazz drums; ride cymbal and soft snare"),
    ),
    "funk": StyleWords(
        names=split("funk; classic funk; funk music; 70s funk"),
        pieces=split("funk groove; funk track; funk jam"),
        songs=split("funk song"),
        drums=split("syncopated funk drums; sixteenth-note hi-hats; funk drums with ghost notes"),
    ),
}

_INSTRUMENTS = """
    synth bass: synth bass; analog synth bass; bass synth
    upright bass: upright bass; double bass; acoustic bass
    cello: cello
    sub bass: sub bass; deep sub bass
    electric bass: electric bass; bass guitar
    triangle bass: triangle-wave bass; 8-bit bass
    tuba: tuba
    reese bass: reese bass; growling reese bass; detuned bass
    synth stab: synth stabs; chord stabs; synth chords
    organ: organ; electric organ; Hammond-style organ
    piano: piano; acoustic piano
    electric piano: electric piano; Rhodes piano; Rhodes
    accordion: accordion
    string section: strings; string section; orchestral strings
    harp: harp; concert harp
    bell: bells; chimes; bell tones
    distorted guitar: distorted guitars; overdriven guitar; electric guitar
    nylon guitar: nylon-string guitar; nylon guitar; classical guitar
    pulse arpeggio: pulse-wave arpeggios; 8-bit arpeggios
    clean guitar: clean guitar; clean electric guitar
    brass section: brass section; brass; horns
    acoustic guitar: acoustic guitar; steel-string guitar
    clavinet: clavinet; clavi
    synth pad: synth pad; synth pads; synthesizer pad
    choir: choir; wordless choir; choir pad
    saw lead: saw lead; sawtooth lead; synth lead
    square lead: square-wave lead; square lead
    vibraphone: vibraphone; vibes
    flute: flute
    violin: violin; solo violin
    clarinet: clarinet
    distorted lead guitar: lead guitar; distorted lead guitar; electric guitar lead
    trumpet: trumpet
    fiddle: fiddle
    tin whistle: tin whistle; penny whistle
    saxophone: saxophone; sax
"""

_MELODIC = (
    "violin",
    "flute",
    "clarinet",
    "trumpet",
    "saxophone",
    "vibraphone",
    "accordion",
    "piano",
    "acoustic guitar",
)
_FIGURES = {
    **{(name, "melody"): (f"{name} melody", f"lead {name}") for name in _MELODIC},
    ("acoustic guitar", "arpeggio"): split(
        "fingerpicked acoustic guitar; fingerstyle acoustic guitar; fingerpicked guitar"
    ),
    ("acoustic guitar", "strum"): split("strummed acoustic guitar; acoustic guitar strumming"),
    ("piano", "arpeggio"): split("piano arpeggios; broken piano chords"),
    ("piano", "stab"): split("piano chords"),
    ("organ", "stab"): split("organ chords; organ stabs"),
    ("harp", "arpeggio"): split("harp arpeggios; plucked harp"),
    ("bell", "arpeggio"): split("bell arpeggios"),
    ("electric piano", "hold"): split("electric piano chords; sustained Rhodes chords"),
    ("synth pad", "hold"): split("sustained synth pads"),
    ("string section", "hold"): split("sustained strings; long string chords"),
    ("upright bass", "walking"): split("walking bass; walking upright bass; walking double bass"),
    ("electric bass", "root_octave"): split("octave bass line; syncopated electric bass"),
    ("synth bass", "root_octave"): split("octave synth bass"),
    ("distorted guitar", "power"): split("power chords; distorted power chords; power-chord guitars"),
    ("clean guitar", "stab"): split("choppy clean guitar; clean guitar chops"),
    ("nylon guitar", "stab"): split("nylon guitar chords; syncopated nylon guitar"),
    ("clavinet", "stab"): split("clavinet chops"),
    ("saw lead", "arpeggio"): split("arpeggiated synth; sawtooth arpeggio"),
    ("square lead", "arpeggio"): split("arpeggiated synth; square-wave arpeggio"),
    ("fiddle", "reel"): split("dancing fiddle"),
    ("tin whistle", "reel"): split("dancing tin whistle"),
    ("accordion", "reel"): split("dancing accordion"),
}

ENGLISH = Phrasebook(
    code="en",
    styles=_STYLES,
    instruments=parse_words(_INSTRUMENTS),
    figures=_FIGURES,
    traits=parse_traits("""
        slow: slow; unhurried; slow-paced
        mid-tempo: mid-tempo; medium-paced
        fast: fast; up-tempo; quick; brisk
        major: hopeful; uplifting; sweet; friendly
        minor: wistful; melancholic; moody; bittersweet; brooding
        warm: warm; mellow; muted; velvety
        bright: bright; crisp; shimmering; sparkling
        sparse: sparse; minimal; delicate; understated; stripped-back
        busy: busy; dense; intricate; full-sounding
        dry: dry; intimate; close-up
        spacious: spacious; airy; dreamy; atmospheric; reverberant
        calm: calm; gentle; peaceful; relaxed; laid-back
        energetic: energetic; driving; lively; exciting
        sad: sad; lonely; sorrowful
        joyful: joyful; happy; cheerful; playful
        dark: dark; gloomy; shadowy
        sunny: sunny; radiant; breezy
    """),
    singing=parse_traits("""
        sparse: soft; delicate
        calm: soft; gentle; tender
        warm: warm; mellow
        bright: bright; clear
        energetic: powerful; spirited
        spacious: airy; dreamy
        dry: intimate; close-up
        sad: plaintive; yearning
    """),
    images=parse_traits("""
        sunny: morning light; summer afternoons; sunshine; open windows
        joyful: street festivals; dancing feet; holidays
        major: morning light; open roads; spring days; coming home
        minor: autumn leaves; rainy windows; empty streets
        dark: the city at night; fog and street lamps; midnight streets
        sad: a last goodbye; empty rooms; letters never sent
        calm: candlelight; quiet evenings; lazy Sundays
        energetic: night drives; racing hearts; crowded dance floors
        spacious: wide horizons; starry skies; distant hills
        dry: small rooms; the kitchen table
    """),
    paces=parse_traits("""
        slow: slow; unhurried
        mid-tempo: medium; moderate
        fast: fast; quick
    """),
    voices={
        Voice.FEMALE: split("female vocals; female lead vocals; female singing"),
        Voice.MALE: split("male vocals; male lead vocals; male singing"),
    },
    singers={
        Voice.FEMALE: split("female singer; woman; female voice"),
        Voice.MALE: split("male singer; man; male voice"),
    },
    languages={
        "en": "English", "de": "German", "es": "Spanish", "fr": "French",
        "it": "Italian", "pt": "Portuguese", "ja": "Japanese", "zh": "Chinese",
    },
    instrumental=split("instrumental; purely instrumental; fully instrumental"),
    heads=split("{style}; {mood} {style}; {mood} {style}; {mood}, {mood} {style}; {mood} {piece}"),
    openings=split("""
        a(n) {mood} {piece} with {instruments}.; a(n) {mood}, {mood} {piece} built on {instruments}.;
        {mood} and {mood} {style} with {instruments}.; {mood} {style}: {instruments}.;
        this is a(n) {mood} {piece} played on {instruments}.; a(n) {mood} {piece} that feels {mood}.;
        {style} in a(n) {mood} mood, with {instruments}.; a(n) {piece} at a(n) {pace} tempo, featuring {instruments}.;
        a(n) {mood} {piece} with {instruments} over {drums}.; {mood} {style} with {instruments}, {drums} and {voice}.;
        a(n) {mood} {piece} with {voice}, {instrument} and {drums}.;
        a(n) {mood} {instrumental} {style} piece with {instruments}.;
        {style} that sounds {mood} and {mood}, with {instruments}.;
        a(n) {piece} for {image}: {mood}, {mood}, {instruments}.;
        {instruments}, plus {drums}, in a(n) {mood} {piece}.; {mood} {style}, sung by a(n) {singer}.
    """),
    continuations=split("""
        underneath, {drums}.; the rhythm comes from {drums}.; the beat is made of {drums}.;
        {drums} at a(n) {pace} tempo.; {voice} on top.; it features {voice}.; over it all, {voice}.;
        sung by a(n) {singer}.; a(n) {singer} sings.; the lyrics are in {lyrics}.; {instrumental}, no vocals.;
        the mood is {mood} and {mood}.; it feels {mood}.; overall {mood} and {mood}.; the tempo is {pace}.;
        think of {image}.; it brings to mind {image}.; the key is {key}.; it runs at {bpm} bpm.; in {meter} time.;
        {instrument} and {instrument} share the arrangement.; listen for {instrument}.
    """),
    details=split("{bpm} bpm; {bpm} bpm; {key}; {meter} time; {pace} tempo; {pace} tempo; sung in {lyrics}"),
    wishes=split("""
        {mood} {style}; a(n) {mood} {piece}; a(n) {mood} {mood} {piece} with {instrument}; {style} with {instrument};
        {style} with {instrument} and {instrument}; make me a(n) {mood} {piece};
        I want a(n) {piece} that feels {mood}; {style}, {mood}; {mood} {instrumental} {style};
        a(n) {mood} {piece} with {voice}; {style} sung in {lyrics}; {mood} {style} at {bpm} bpm;
        something {mood} and {mood}, {style} maybe; write a(n) {piece} for {image}; a(n) {piece}; {style} in {key};
        a(n) {pace} {piece} about {image}; {style} with {voice}; {style} sung by a(n) {singer};
        {instrumental} {style}, no vocals; please play some {mood} {style}
    """),
)  # fmt: skip
