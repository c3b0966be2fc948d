"""Portuguese lyrics."""

from training.synth.lexicon import Language, parse_lexicon, parse_rhymes, parse_slots

PORTUGUESE = Language(
    code="pt",
    templates=(
        "{when} {clause}",
        "{subject} {moves} {place}",
        "{come} {goal}",
        "{sight}, {other}",
    ),
    slots=parse_slots(
        when="de manhã; toda noite; no verão; cada dia; com o vento; de repente; na varanda; esta tarde",
        clause="""
            quero cantar; quero dançar; vou te encontrar; olho o luar; ouço a canção; chama o amor; nasce uma flor;
            sinto o calor; chega o dia; que alegria; vem pra mim; tudo é assim; vou devagar; volto pra ti;
            penso em ti; canto pra ti; estou aqui; é o caminho; dou meu carinho
        """,
        subject="a lua; o rio; o vento; a chuva; a rua; o povo; a noite; o barco",
        moves="canta; dança; sonha; passa; volta",
        place="""
            sobre o mar; ao luar; com amor; com calor; no jardim; só pra mim; no verão; com paixão; com carinho;
            no caminho; todo dia
        """,
        come="vem comigo; fica comigo; volta comigo; vem de novo; canta comigo; vamos juntos",
        goal="devagar; junto ao mar; sem parar; meu amor; meu coração; até o fim; no jardim; no caminho",
        sight="noite clara; lua cheia; céu azul; rosa branca; chuva fina",
        other="""
            luz do luar; branca flor; doce amor; doce canção; bom coração; meu jardim; onda do mar; novo dia;
            longo caminho
        """,
    ),
    rhymes=parse_rhymes("""
        cantar dançar encontrar luar devagar mar parar; canção coração verão paixão; amor flor calor; dia alegria;
        mim assim jardim fim; ti aqui; caminho carinho
    """),
    lexicon=parse_lexicon("""
        a/a alegria/a-ne-ti-a amor/a-no ao/a aqui/a-ti assim/a-si até/a-te azul/a-su barco/ta-to bom/to branca/ta-ta
        cada/ta-ta calor/ta-no caminho/ta-ni-no canta/ta-ta cantar/ta-ta canto/ta-to canção/ta-sa carinho/ta-ni-no
        chama/sa-na chega/se-ta cheia/se-a chuva/su-na clara/ta-na com/to comigo/to-ni-to coração/to-na-sa céu/se
        dança/ta-sa dançar/ta-sa de/te devagar/te-na-ta dia/ti-a do/to doce/to-se dou/to em/e encontrar/e-to-ta
        esta/e-ta estou/e-to fica/si-ta fim/si fina/si-na flor/so jardim/sa-ti junto/su-to juntos/su-to longo/no-to
        lua/nu-a luar/nu-a luz/nu manhã/na-na mar/na meu/ne mim/ni na/na nasce/na-se no/no noite/no-te novo/no-no o/o
        olho/o-no onda/o-ta ouço/o-so paixão/ta-sa parar/ta-na passa/ta-sa penso/te-so povo/to-no pra/ta que/te
        quero/te-no repente/ne-te-te rio/ni-o rosa/no-sa rua/nu-a sem/se sinto/si-to sobre/so-te sonha/so-na só/so
        tarde/ta-te te/te ti/ti toda/to-ta todo/to-to tudo/tu-to uma/u-na vamos/na-no varanda/na-na-ta vem/ne
        vento/ne-to verão/ne-na volta/no-ta volto/no-to vou/no é/e
    """),
)
