"""The words of a lyric that can tell what it is about.

Conventions
-----------
Texts are clean lyrics (:mod:`scripts.tables.lyric_text`) in any language, with or without line
breaks. Words are in lower case with their accents; "don't" counts as *don*, "l'amour" as *amour*,
"runnin'" as *running*. A language is one of :data:`LANGUAGES`, or "" where too few of its function
words are found.

Method
------
A refrain says once what it says ten times: a word that ends a run of :data:`RUN` words which was
sung before is not counted again, whether or not the text has lines. Left out are words of fewer
than three letters (Chinese, Japanese and Thai, which put no blanks, are cut into pairs of signs),
sounds ("ooooh", "lalala"), and the function words of the languages that the lyric itself is in, so
that English lyrics keep "die" and Spanish ones keep "come".
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter

#: Length in words of a run that is counted once.
RUN = 4

#: Part of all function words from which on a language is one of the lyric's.
_SHARE = 0.2

#: Function words below which the language of a lyric stays open.
_FEWEST = 5

_STOP_WORDS = {
    "English": """
        a about after again against ain all almost along already also although always am among an
        and another any anybody anymore anyone anything anyway are aren around as ask at away back
        be became because become been before behind being below better between both but by came can
        cannot cant cause come comes coming could couldn couldnt couldve did didn didnt do does
        doesn doesnt doing don done dont down each either else enough even ever every everybody
        everyone everything few finally for from gave get gets getting give gives giving go goes
        going gone gonna got gotta had hadn has hasn have haven having he her here hers herself
        hey him himself his how i if im in into is isn isnt it its itself just keep keeps kind knew
        know knowing known knows last least less let lets like little ll look looking lot made make
        makes making many may maybe me mean might mine more most much must my myself need needs
        neither never no nobody none nor not nothing now of off often old on once one ones only
        onto or other others ought our ours out over own put quite rather re really
        right said same saw say saying says see seem seems seen shall she should shouldn since so
        some somebody someone something sometimes somewhere soon still such sure take taken takes
        taking tell than that thats the their theirs them themselves then there theres these they
        thing things think thinking this those though thought three through till to together told
        too took tried try trying two under until up upon us use used ve very wanna want wanted
        wants was wasn way we well went were weren what whatever whats when where whether which
        while who whoever whole whom whose why will with within without won wont would wouldn yes
        yet you your youre yours yourself youve em cuz coz tis twas til thru wit dat dem dis
    """,
    "Spanish": """
        a acá adonde ahí ahora al algo alguien algún alguna algunas alguno algunos allá allí ante
        antes aquel aquella aquellas aquello aquellos aquí así aún aunque bajo bien cada casi como
        cómo con conmigo consigo contigo contra cosa cosas cual cuál cuales cualquier cualquiera
        cuando cuándo cuanto cuánto da dame dar das de debe decir del demás desde después detrás di
        dice dicen dices dije dijo dime donde dónde doy dos durante e el él ella ellas ello ellos en
        entonces entre era eran eras eres es esa esas ese eso esos esta está ésta estaba estaban
        estabas estamos están estar estas estás este éste esto estos estoy estuve estuvo fin fue
        fueron fui fuimos fuiste gran ha haber había han has hace hacen hacer haces hacia haga hago
        hasta hay haya he hecho hemos hice hiciste hizo hoy iba ir jamás junto la las le les lo los
        luego más mas me mejor menos mi mí mía mías mientras mío míos mis misma mismo mucha muchas
        mucho muchos muy na nada nadie ni ningún ninguna ninguno no nos nosotros nuestra nuestro
        nuestras nuestros nunca o ose os otra otras otro otros pa para parece pero poca poco pocos
        podemos poder podría pon poner por porque pos pude puede pueden puedes puedo pues que qué
        quedó quien quién quienes quiera quieras quiere quieren quieres quiero quise quiso sabe
        saben saber sabes se sé sea seas según ser será serás sería si sí sido siempre sigo sigue
        sin sino so sobre solo sólo somos son soy su sus suya suyo tal también tampoco tan
        tanta tanto te ten tendré tener tengo tenía ti tiene tienen tienes toda todas todavía todo
        todos tra tras tu tú tus tuve tuvo tuya tuyo un una unas uno unos usted ustedes va vamos
        van vas vaya ven ver vete vez veces ves vi voy vuelve y ya yo toy tamo tás tá ere má
        vamo
    """,
    "Portuguese": """
        a ao aos aquela aquele aqui as assim até bem cada com como da das de dela dele demais depois
        do dos e ela elas ele eles em então era essa esse esta está estar este estou eu faz fazer
        foi gente há isso já la lá lhe mais mas me mesmo meu meus minha minhas muito na não nada nas
        nem no nos nós nossa nosso num numa nunca o onde os ou outra outro para pela pelo pode por
        porque pra pro quando que quem quer quero se sei sem sempre ser seu seus só sou sua suas tá
        também te tem tenho ter teu teus ti tô toda todo todos tu tua tudo um uma vai vem você vocês
        vou
    """,
    "French": """
        ai aie ainsi alors as au aucun aussi autre aux avait avant avec avez avoir avons bien car ce
        cela celle celui ces cet cette ceux chaque chez comme comment dans de depuis des dire dis
        dit donc dont du elle elles en encore entre es est et étais était été être eux faire fait
        faut il ils jamais je juste la là le les leur leurs lui ma mais me même mes moi moins mon ne
        ni nos notre nous on ont ou où par parce pas peu peut peux plus pour pourquoi puis quand que
        quel quelle qui quoi rien sa sais sans se sera ses si soi sois soit sommes son sont sous
        suis sur ta tant te tes toi ton toujours tous tout toute toutes très trop tu un une va vais
        vas vers veut veux voir vos votre vous
    """,
    "German": """
        aber alle alles als also am an auch auf aus bei bin bis bist da damit dann das dass dein
        deine dem den denn der des dich die dies diese dir doch du durch ein eine einen einer eines
        er es euch euer für ganz gar geht gibt hab habe haben hast hat hatte hier ich ihm ihn ihr
        ihre im immer in ins ist ja jede jeder jetzt kann kannst kein keine keinen komm kommt macht
        mal man mehr mein meine meinen meiner mich mir mit muss nach nicht nichts nie noch nun nur
        ob oder ohne schon sein seine seit sich sie sind so um und uns unser unter viel vom von vor
        war waren warum was weil weiß wenn wer werden wie wieder will wir wird wo zu zum zur
    """,
    "Italian": """
        a ai al alla alle anche ancora allora aveva avere bene c che chi ci ciò col come con così
        cosa cosi cui da dai dal dalla degli dei del della delle dello di dove dopo e è ed era
        essere fa fai fare fino fra già gli ha hai hanno ho i il in io la le lei li lo loro lui ma
        mai me mi mia mie miei mio molto ne nei nel nella niente noi non nostra nostro o ogni ora
        per perché più poco poi prima può puoi qua qualcosa quale quando quanto quel quella quello
        questa questo questi qui sa sai se sei sempre senza si sì sia siamo sono sta stai sto su
        sua sue sugli sul sulla suo te ti tra troppo tu tua tue tuo tutta tutte tutti tutto un una
        uno va vai voglio vuoi
    """,
}

#: Language -> its function words.
STOP_WORDS = {name: frozenset(words.split()) for name, words in _STOP_WORDS.items()}
LANGUAGES = tuple(STOP_WORDS)

#: Sounds that are sung in any language.
_SOUND_WORDS = """
    aah aaw aha ahh aww ay ayo ayy aye bah bam bom boo brr brrr bum dah dee doh doo dum duh ee eh
    ehh eey ey eyy fa grr ha hah heh hee hey hmm ho hoo huh hum ja jaja jaj la lah lala le leh lo
    mhm mmm na nah nana nanana naw nay oh ohh ohhh oho oi ole ooh oohh oop ou ouh ouo owo pah pam
    prr pum ra rah ram rrah sha shh skrr ta tra tum uah ue uh uhh uhm uho um umm uo uoh uoo whoa
    whoah wo woah woh woo wooh wow yah yay yaya yea yeah yeahh yeh yep yeye yo yoo yuh yup
"""
_SOUNDS = frozenset(_SOUND_WORDS.split())
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*'?")
_NO_BLANKS = re.compile("[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+")
_DRAWN_OUT = re.compile(r"(.)\1{2,}")
_SUNG = re.compile(
    r"(.{1,4}?)\1{2,}|[aeiouáéíóú][aeiouáéíóúh]*|(.)\2*|[^aeiouyáéíóúàèìòùâêîôûäëïöü]+"
)


def _is_latin(word: str) -> bool:
    return word[0] < "\u0250"


def _bare_word(written: str) -> list[str]:
    """Bring one word to the form under which it is counted."""
    if _NO_BLANKS.search(written):
        signs = "".join(_NO_BLANKS.findall(written))
        return [signs[at : at + 2] for at in range(max(1, len(signs) - 1))]
    if written.endswith("in'"):
        return [written[:-1] + "g"]
    word = max(written.split("'"), key=len)
    return [_DRAWN_OUT.sub(r"\1", word)]


def all_words(text: str) -> list[str]:
    """List the words of a text as they are counted, in order.

    >>> all_words("Don’t stop lovin' me, l'Amour… niño")
    ['don', 'stop', 'loving', 'me', 'amour', 'niño']
    """
    plain = unicodedata.normalize("NFC", text).lower().replace("’", "'").replace("`", "'")
    return [word for written in _WORD.findall(plain) for word in _bare_word(written)]


def words_once(words: list[str]) -> list[str]:
    """Leave out each word that ends a run of words sung before.

    >>> words_once("let it be let it be let it be whisper words of wisdom let it be".split())
    ['let', 'it', 'be', 'let', 'it', 'be', 'whisper', 'words', 'of', 'wisdom', 'let', 'it', 'be']
    """
    seen: set[tuple[str, ...]] = set()
    kept = []
    for at, word in enumerate(words):
        run = tuple(words[max(0, at - RUN + 1) : at + 1])
        if run not in seen:
            kept.append(word)
        seen.add(run)
    return kept


def _language_counts(words: list[str]) -> Counter[str]:
    found: Counter[str] = Counter()
    for word in words:
        for language in _LANGUAGES_OF.get(word, ()):
            found[language] += 1
    return found


_EVERY_WORD = sorted(set().union(*STOP_WORDS.values()))
#: Function word -> the one language it tells of; words of several tell of none.
_LANGUAGES_OF = {
    word: [language for language in LANGUAGES if word in STOP_WORDS[language]]
    for word in _EVERY_WORD
    if sum(word in words for words in STOP_WORDS.values()) == 1
}


def guess_languages(words: list[str]) -> list[str]:
    """Guess the languages of a lyric by its function words, the commonest first.

    >>> guess_languages(all_words("I will always love you and you know it")), guess_languages([])
    (['English'], [])
    """
    found = _language_counts(words)
    total = sum(found.values())
    if total < _FEWEST:
        return []
    return [name for name, count in found.most_common() if count >= _SHARE * total]


def is_sound(word: str) -> bool:
    """Tell whether a word is only a sound.

    >>> [is_sound(word) for word in ("oooh", "lalala", "yeah", "hmm", "love", "mama", "свет")]
    [True, True, True, True, False, False, False]
    """
    return word in _SOUNDS or (_is_latin(word) and _SUNG.fullmatch(word) is not None)


def topic_words(text: str) -> list[str]:
    r"""List the words of a lyric that are counted for its topics.

    Parameters
    ----------
    text : str
        A clean lyric.

    Returns
    -------
    list of str
        In the order of the text; a word comes again where it stands in other company.

    Examples
    --------
    >>> topic_words("Oh the rain keeps falling\nOh the rain keeps falling\nCold and lonely rain")
    ['rain', 'falling', 'rain', 'cold', 'lonely', 'rain']
    """
    words = all_words(text)
    languages = guess_languages(words) or ["English", "Spanish"]
    dropped = frozenset[str]().union(*(STOP_WORDS[name] for name in languages))
    return [
        word
        for word in words_once(words)
        if (len(word) > 2 or not _is_latin(word)) and word not in dropped and not is_sound(word)
    ]


def main_language(text: str) -> str:
    """Guess the language of a lyric, "" where that cannot be told."""
    return next(iter(guess_languages(all_words(text))), "")
