"""The languages that captions can be written in."""

from training.synth.phrases.de import GERMAN
from training.synth.phrases.en import ENGLISH
from training.synth.phrases.es import SPANISH
from training.synth.phrases.fr import FRENCH
from training.synth.phrases.ja import JAPANESE
from training.synth.phrases.zh import MANDARIN

PHRASEBOOKS = (ENGLISH, GERMAN, SPANISH, FRENCH, MANDARIN, JAPANESE)
