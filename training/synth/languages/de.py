"""German lyrics."""

from training.synth.lexicon import Language, parse_lexicon, parse_rhymes, parse_slots

GERMAN = Language(
    code="de",
    templates=(
        "{when} {clause}",
        "{when} {clause}",
        "{subject} {moves} {place}",
        "{wish} {place}",
        "{sight}, {other}",
    ),
    slots=parse_slots(
        when="""
            am Morgen; im Sommer; in der Nacht; jeden Abend; unter Sternen; irgendwann; heute Nacht; am Ufer;
            im Regen
        """,
        clause="""
            bist du mein; bin ich nicht allein; scheint der Mond herein; fällt das Licht herein; hast du gelacht;
            bin ich aufgewacht; hält der Mond die Wacht; will ich dich sehn; bleibt die Zeit stehn; wollen wir gehn;
            kann ich dich sehn; darfst du nicht gehn; seh ich dein Gesicht; tanzt im Wind das Licht;
            gehn wir Hand in Hand; blüht das ganze Land; träum ich meinen Traum; rauscht der alte Baum;
            singt der Wind; lacht ein Kind; kommst du zurück; find ich mein Glück; hab ich so viel Zeit;
            ist der Weg nicht weit; gehn wir nach Haus; lauf ich hinaus
        """,
        subject="der Mond; die Sonne; ein Vogel; der Wind; mein Herz; der Fluss; die Welt; das Meer; die Stadt",
        moves="singt; tanzt; träumt; lacht; ruht; schläft",
        wish="komm mit mir; halt mich fest; bleib bei mir; tanz mit mir; sing für mich; geh mit mir; träum von mir",
        place="""
            im Morgenlicht; in der Nacht; ganz allein; im Sonnenschein; über dem Land; im warmen Sand; leise im Wind;
            im Abendwind; unter dem Baum; wie im Traum; voller Glück; jederzeit; alle Zeit; vor dem Haus
        """,
        sight="Sommerregen; Sternenhimmel; Morgenröte; kleine Stadt; blaues Meer; Vogelstimmen; frischer Tau",
        other="""
            helles Licht; warmer Wind; stille Nacht; weites Land; alter Baum; schöner Traum; Sonnenschein;
            großes Glück; gute Zeit; goldner Wein; weißer Sand; warmes Haus
        """,
    ),
    rhymes=parse_rhymes("""
        mein allein herein sonnenschein wein; gelacht aufgewacht wacht nacht; sehn stehn gehn;
        gesicht licht morgenlicht; hand land sand; traum baum; wind kind abendwind; zurück glück;
        zeit weit jederzeit; haus hinaus
    """),
    lexicon=parse_lexicon("""
        abend/a-te abendwind/a-te-ni alle/a-ne allein/a-na alte/a-te alter/a-te am/a aufgewacht/a-te-na baum/ta
        bei/ta bin/ti bist/ti blaues/ta-e bleib/ta bleibt/ta blüht/tu darfst/ta das/ta dein/ta dem/te der/te dich/ti
        die/ti du/tu ein/a fest/se find/si fluss/su frischer/si-se fällt/se für/su ganz/ta ganze/ta-se geh/te gehn/te
        gelacht/te-na gesicht/te-si glück/tu goldner/to-ne großes/to-se gute/tu-te hab/sa halt/sa hand/sa hast/sa
        haus/sa helles/se-ne herein/se-na herz/se heute/so-te hinaus/si-na hält/se ich/i im/i in/i irgendwann/i-te-na
        ist/i jeden/ne-te jederzeit/ne-te-sa kann/ta kind/ti kleine/ta-ne komm/to kommst/to lacht/na land/na lauf/na
        leise/na-se licht/ni meer/ne mein/na meinen/na-ne mich/ni mir/ni mit/ni mond/no morgen/no-te
        morgenlicht/no-te-ni morgenröte/no-te-ne-te nach/na nacht/na nicht/ni rauscht/na regen/ne-te ruht/nu sand/sa
        scheint/sa schläft/se schöner/se-ne seh/se sehn/se sing/si singt/si so/so sommer/so-ne
        sommerregen/so-ne-ne-te sonne/so-ne sonnenschein/so-ne-sa stadt/sa stehn/se sternen/se-ne
        sternenhimmel/se-ne-si-ne stille/si-ne tanz/ta tanzt/ta tau/ta traum/ta träum/to träumt/to ufer/u-se
        unter/u-te viel/si vogel/so-te vogelstimmen/so-te-si-ne voller/so-ne von/so vor/so wacht/na warmen/na-ne
        warmer/na-ne warmes/na-ne weg/ne wein/na weit/na weites/na-te weißer/na-se welt/ne wie/ni will/ni wind/ni
        wir/ni wollen/no-ne zeit/ta zurück/tu-nu über/u-te
    """),
)
