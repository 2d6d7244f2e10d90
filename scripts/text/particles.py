"""The small words of English and Spanish that a sentence turns on.

Conventions
-----------
Words are in their normal form (lower case, no accents, no apostrophes), as
:func:`scripts.text.tokens.word_forms` writes them.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


NEGATORS = _words(
    "not no never nothing nobody none neither nor without cannot cant dont doesnt didnt isnt arent "
    "wasnt werent wont wouldnt couldnt shouldnt havent hasnt hadnt aint hardly barely "
    "nunca jamas nada nadie ningun ninguna ninguno tampoco ni sin"
)
#: "never felt better", "no podría estar más feliz": compared to nothing, so nothing is denied.
COMPARED = _words(
    "better happier more so this such worse sadder angrier calmer mejor mas tan peor asi"
)
NEVER = _words("never havent hasnt nunca jamas")
NOTHING = _words("nothing nobody nada nadie")
UNABLE = _words("cant cannot couldnt")
#: After one who is unable: "can't wait", "can't believe how", "no puedo parar de reír".
UNSTOPPED = _words(
    "wait stop help resist believe parar dejar esperar aguantar evitar creer creerlo creermelo "
    "creerme"
)
#: After any negation: "haven't stopped laughing", "never fails to".
ENDLESS = _words("stop stops stopped stopping quit fail fails failed")
#: How the Spanish verbs begin that mean *stop* before "de", and those that mean *fit* before "en".
STOPPING = ("par", "dej", "ces")
FITTING = ("cab", "cup", "quep")
#: After "no me lo".
UNBELIEVING = _words("creo cree creia crei creimos creemos creiamos esperaba esperabamos")
#: What may stand between "no" and its verb.
CLITICS = _words("me te se nos lo la le os")
#: Denied by another negation, these undo it.
CANCELLING = _words("not without sin")
#: Word after a negating one -> the two deny nothing.
HARMLESS = _words("only just doubt wonder matter problem idea solo duda importa pares dejes")
#: Words so common that a few of them tell the language.
SPANISH = _words(
    "de la que el en y los del se las por un para con una su al lo como mas pero sus le ya o este "
    "si porque esta entre cuando muy sin sobre tambien me hasta hay donde quien desde todo nos "
    "durante todos uno les ni contra otros ese eso ante ellos e esto mi antes algunos unos yo otro "
    "otras otra tanto esa estos mucho nada poco ella estoy estas estaba fue era soy eres es son "
    "tengo tiene quiero hoy siento te tu mis mio mia ser estar muchas mucha fui habia he ha"
)
ENGLISH = _words(
    "the be to of and that have it for not on with he as you do at this but his by from they we "
    "say her she or an will my one all would there their what so up out if about who get which go "
    "when make can like time just him know take into your some could them than then now only its "
    "over also after how our was were is are am im feel feeling had been did i in need want"
)

#: What "n.t" is written after.
STEMS = _words("do does did is are was were wo would could should have has had ai ca")


#: Words at which a negation ends within a clause.
FENCES = _words("because since how when while so porque cuando como cuanto lo")
BUT = _words("but however pero sino still yet")
ALTHOUGH = _words("although though aunque despite")
WANTS = _words(
    "want wanna need gimme craving wish quiero necesito queremos quisiera ponme pon dame ponganme "
    "ganas apetece play bring"
)
#: "something to dance to", "música para llorar".
SOMETHING = _words("something music songs song tunes playlist algo musica canciones cancion temas")
FOR_WHAT = _words("to for para that que")
#: Words that only strengthen a negation, or tell that it was otherwise before.
INTENSE = _words("nada tampoco longer anymore")
#: Words that name no mood: never told as one that decided.
COMMON = (_words("a t s") | SPANISH | ENGLISH | FENCES | BUT | ALTHOUGH | STEMS) - NEGATORS
