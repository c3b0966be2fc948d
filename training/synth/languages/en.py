"""English lyrics."""

from training.synth.lexicon import Language, parse_lexicon, parse_rhymes, parse_slots

ENGLISH = Language(
    code="en",
    templates=(
        "{we_do} {place}",
        "{we_do} {place}",
        "{nature} {moves} {place}",
        "{when} {clause}",
        "{when} {clause}",
        "{know} {truth}",
        "{call}, {wish}",
        "{adjective} {noun}, {adjective} {sight}",
    ),
    slots=parse_slots(
        we_do="""
            we are dancing; I am dreaming; we go walking; I keep singing; we were laughing; let us wander; we dance;
            you are smiling; we run; I sing; I wait for you; we will meet; my heart sings; you call me; I hear music;
            we remember; let me linger; you keep humming; I walk with you; I still hope; we rise up; let it ring;
            I follow you; you found me
        """,
        nature="the moon; the wind; the sea; my heart; your voice; a star; the rain; a bird; the stream; the world",
        moves="sings; calls; waits; wakes; is still; is here; returns; will dance; will sing; will wait",
        place="""
            in the morning light; through the summer night; all through the night; by candle light; into the light;
            every day; far away; along the way; on a summer day; by the sea; under the tree; wild and free;
            in harmony; under skies of blue; the whole night through; in the morning dew; in the rain;
            on the midnight train; down the winding lane; in the evening glow; in the falling snow;
            where the wild winds blow; soft and slow; all day long; like a song; where we belong; on the quiet shore;
            just once more; by the open door; across the sky; way up high; as the clouds go by; like a dream;
            by the silver stream; in the spring; while the church bells ring; where the robins sing; under the moon;
            one afternoon; to an old sweet tune; in the setting sun; when the day is done; with the stars above;
            with all my love; with an open heart; right from the start; year after year; when you are near;
            so loud and clear; wherever we roam; all the way home; with the birds of June
        """,
        when="""
            in the morning; every evening; when it's raining; after midnight; now and always; in the summer;
            late at night; year by year; in my garden; on the river; near the ocean; through the window; in December;
            when I see you; once in a while; here in your arms; down by the bay
        """,
        clause="""
            I sing for you; the world is new; our dreams come true; the sky is blue; I think of you; you sing to me;
            my heart is free; I hear you say; we find our way; I want to stay; the children play;
            the stars are bright; you hold me tight; I see the light; I let it go; the candles glow; the rivers flow;
            I love you so; I sing my song; the days are long; our love is strong; I hear you sigh; the swallows fly;
            we learn to fly; the church bells ring; we start to sing; I start to dream; the windows gleam;
            I feel you near; my mind is clear; two hearts are one; we greet the sun; I love you more;
            you have my heart; new days can start; I hear the rain; I'll see you soon; I hum our tune;
            you think of love; I dream of home
        """,
        know="I know; we know; I feel; I believe; they all say; you told me; I can see",
        truth="""
            our dreams come true; the world is new; we'll find our way; love will find a way; the stars are bright;
            it will be all right; our love is strong; the road is long; we will learn to fly; the rivers flow;
            two hearts are one; there's room in the sun; life is a dream; hope is a stream; you will be near;
            the sky will be clear; the bells will ring; after winter comes spring; you'll be home soon;
            we'll dance in June; there is so much more; there's an open door; the truth will be free;
            the river finds the sea
        """,
        call="""
            oh, my darling; little sparrow; old friend of mine; my love; sweet moon; come on over; hey, my brother;
            gentle river; sister moonlight
        """,
        wish="""
            stay with me; sing to me; dance with me tonight; hold on tight; walk in the light; don't go away;
            show me the way; stay for a day; take it slow; let it go; lend me your heart; lift me up high;
            teach me to fly; sing me a song; sing along; come back soon; play the old tune; shine like the sun;
            wait by the door; sing it once more; let the bells ring; wait for the spring; have no fear;
            stay right here; give me your love; carry me home; dream a sweet dream; come in from the rain; follow me;
            start anew; dream it too
        """,
        adjective="""
            golden; silver; gentle; quiet; little; silent; summer; winter; midnight; morning; distant; happy; simple
        """,
        noun="river; city; garden; ocean; meadow; mountain; flower; window; valley; harbor; candle; forest",
        sight="""
            light; night; day; sea; sky; rain; train; snow; song; shore; stream; dream; spring; moon; tune; sun;
            heart
        """,
    ),
    rhymes=parse_rhymes("""
        light night tonight bright tight right; day away way say stay play; sea tree free harmony me;
        blue through dew you new true too anew; rain train lane; glow snow blow slow go flow so;
        long song belong strong along; shore more door; sky high by sigh fly; dream stream gleam; spring ring sing;
        moon afternoon tune june soon; sun done one; above love; heart start; year near clear fear here; roam home
    """),
    lexicon=parse_lexicon("""
        a/a above/a-ta across/a-to after/a-te afternoon/a-te-nu all/o along/a-no always/o-ne am/a an/a and/a
        anew/a-nu are/a arms/a as/a at/a away/a-ne back/ta bay/te be/ti believe/ti-ni bells/te belong/ti-no bird/te
        birds/te blow/to blue/tu bright/ta brother/ta-ne by/ta call/to calls/to can/ta candle/ta-to candles/ta-to
        carry/ta-ni children/si-ne church/se city/si-ti clear/ti clouds/ta come/ta comes/ta dance/ta dancing/ta-si
        darling/ta-ni day/te days/te december/ti-se-te dew/tu distant/ti-ta don't/to done/ta door/to down/ta dream/ti
        dreaming/ti-ni dreams/ti evening/i-ni every/e-ni falling/so-ni far/sa fear/si feel/si find/sa finds/sa
        flow/so flower/sa-e fly/sa follow/so-no for/so forest/so-ne found/sa free/si friend/se from/so garden/ta-te
        gentle/te-to give/ti gleam/ti glow/to go/to golden/to-te greet/ti happy/sa-ti harbor/sa-te harmony/sa-no-ni
        have/sa hear/si heart/sa hearts/sa here/si hey/se high/sa hold/so home/so hope/so hum/sa humming/sa-ni i'll/a
        i/a in/i into/i-tu is/i it's/i it/i june/tu just/ta keep/ti know/no lane/ne late/ne laughing/na-si learn/ne
        lend/ne let/ne life/na lift/ni light/na like/na linger/ni-te little/ni-to long/no loud/na love/na me/ni
        meadow/ne-to meet/ni midnight/ni-na mind/na mine/na moon/nu moonlight/nu-na more/no morning/no-ni
        mountain/na-te much/na music/nu-si my/na near/ni new/nu night/na no/no now/na ocean/o-se of/a oh/o old/o on/o
        once/na one/na open/o-te our/a over/o-ne play/te quiet/ta-e rain/ne raining/ne-ni remember/ni-ne-te
        returns/ni-te right/na ring/ni rise/na river/ni-ne rivers/ni-ne road/no roam/no robins/no-ti room/nu run/na
        say/se sea/si see/si setting/se-ti shine/sa shore/so show/so sigh/sa silent/sa-ne silver/si-ne simple/si-to
        sing/si singing/si-ni sings/si sister/si-te skies/sa sky/sa slow/so smiling/sa-ni snow/so so/so soft/so
        song/so soon/su sparrow/se-no spring/si star/sa stars/sa start/sa stay/se still/si stream/si strong/so
        summer/sa-ne sun/sa swallows/so-no sweet/si take/te teach/ti the/ne there's/ne there/ne they/ne think/si
        through/su tight/ta to/tu told/to tonight/tu-na too/tu train/te tree/ti true/tu truth/tu tune/tu two/tu
        under/a-te up/a us/a valley/na-ni voice/no wait/ne waits/ne wakes/ne walk/no walking/no-ti wander/no-te
        want/no way/ne we'll/ni we/ni were/ne when/ne where/ne wherever/ne-e-ne while/na whole/so wild/na will/ni
        wind/ni winding/na-ti window/ni-to windows/ni-to winds/ni winter/ni-te with/ni world/ne year/ni you'll/nu
        you/nu your/no
    """),
)
