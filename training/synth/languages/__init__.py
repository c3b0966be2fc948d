"""The languages that lyrics can be written in."""

from training.synth.languages.de import GERMAN
from training.synth.languages.en import ENGLISH
from training.synth.languages.es import SPANISH
from training.synth.languages.fr import FRENCH
from training.synth.languages.it import ITALIAN
from training.synth.languages.ja import JAPANESE
from training.synth.languages.pt import PORTUGUESE
from training.synth.languages.zh import MANDARIN

LANGUAGES = {
    language.code: language for language in (ENGLISH, GERMAN, SPANISH, FRENCH, ITALIAN, PORTUGUESE, JAPANESE, MANDARIN)
}
