"""French lyrics. A final e is silent, as it is spoken."""

from training.synth.lexicon import Language, parse_lexicon, parse_rhymes, parse_slots

FRENCH = Language(
    code="fr",
    templates=(
        "{when} {clause}",
        "{subject} {moves} {place}",
        "{wish} {place}",
        "{sight}, {other}",
    ),
    slots=parse_slots(
        when="""
            le matin; dans la nuit; tous les jours; sous la lune; au printemps; chaque soir; quand vient l'été;
            en chemin
        """,
        clause="""
            je chante l'amour; je t'aime toujours; je marche dans le vent; tu pars en chantant; j'attends le soir;
            je garde l'espoir; le ciel est bleu; nous sommes heureux; je veux danser; laisse-moi rêver;
            j'entends ta chanson; je chante ton nom; je vois le soleil; le cœur en éveil; c'est la vie;
            j'ai ma mélodie; brille une étoile; je lève la voile
        """,
        subject="la rivière; mon cœur; le vent; ta voix; l'oiseau; la lune; le monde; la ville; la mer; l'enfant",
        moves="chante; danse; rêve; passe; brille",
        place="""
            dans la nuit; toute la vie; sous le soleil; tout le jour; avec amour; dans le soir; plein d'espoir;
            dans le ciel bleu; en liberté; tout l'été; dans le vent; doucement; comme une chanson; sous une étoile
        """,
        wish="viens avec moi; prends ma main; reste avec moi; chante encore; danse avec moi; reste ici",
        sight="douce lumière; petite fleur; matin clair; belle rivière; pluie de mai; rue de Paris; vieille maison",
        other="""
            nuit d'été; nouveau jour; ciel si bleu; tendre chanson; grand soleil; parfum du soir; souffle du vent;
            jour d'amour; douce vie; fleur d'espoir; blanche voile
        """,
    ),
    rhymes=parse_rhymes("""
        l'amour toujours jour amour d'amour; vent chantant doucement; soir l'espoir d'espoir; bleu heureux;
        danser rêver liberté l'été d'été; chanson nom; soleil éveil; vie mélodie nuit; étoile voile
    """),
    lexicon=parse_lexicon("""
        amour/a-nu au/o avec/a-ne belle/te blanche/ta bleu/te brille/ti c'est/se chanson/sa-so chantant/sa-ta
        chante/sa chaque/sa chemin/se-na ciel/se clair/te comme/to cœur/te d'amour/ta-nu d'espoir/te-ta d'été/te-te
        dans/ta danse/ta danser/ta-se de/te douce/tu doucement/tu-se-na du/tu en/a encore/a-to est/e fleur/se
        garde/ta grand/ta heureux/e-ne ici/i-si j'ai/se j'attends/sa-ta j'entends/sa-ta je/se jour/su jours/su
        l'amour/na-nu l'enfant/na-sa l'espoir/ne-ta l'oiseau/na-so l'été/ne-te la/na laisse-moi/ne-na le/ne les/ne
        liberté/ni-te-te lumière/nu-ne lune/nu lève/ne ma/na mai/ne main/na maison/ne-so marche/na matin/na-ta mer/ne
        moi/na mon/no monde/no mélodie/ne-no-ti nom/no nous/nu nouveau/nu-no nuit/ni parfum/ta-sa paris/ta-ni pars/ta
        passe/ta petite/te-ti plein/ta pluie/ti prends/ta printemps/ta-ta quand/ta reste/ne rivière/ni-ne rue/nu
        rêve/ne rêver/ne-ne si/si soir/sa soleil/so-ne sommes/so souffle/su sous/su t'aime/te ta/ta tendre/ta ton/to
        toujours/tu-su tous/tu tout/tu toute/tu tu/tu une/u vent/na veux/ne vie/ni vieille/ne viens/na vient/na
        ville/ni voile/na vois/na voix/na étoile/e-ta éveil/e-ne
    """),
)
