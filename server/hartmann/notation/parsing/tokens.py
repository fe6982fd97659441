"""The signs of a music line: one regular expression cuts it into tokens.

Every character of a line belongs to exactly one token; what fits nowhere becomes an `other` token, so that
nothing is dropped silently. The expression has no nested repetition, hence runs in linear time.
Groups are read by name in `line.py` and its kin.
"""

from __future__ import annotations

import re

LENGTH = r"(?:\d*\.\d+|\d*(?:/+\d*)?)"

TOKEN = re.compile(
    rf"""
    (?P<note>(?P<accidental>\^[\^/]?|_[_/]?|=|\#)?(?P<letter>[A-Ga-g])(?P<sharp>\#?)(?P<marks>[,']*)(?P<length>{LENGTH}))
  | (?P<space>[ \t`\\$]+)
  | (?P<bar>(?P<sign>:*\[\|\](?=:+\|)|:*\.?\[?\|[|\]]*:*|::+)(?P<bar_ending>\d+(?:[,\-]\d+)*\.?)?)
  | (?P<inline>\[[ ]?(?P<field>[A-Za-z]):(?P<value>[^\]\n]{{0,200}})\])
  | (?P<ending>\[[ ]*(?P<passes>\d+(?:[ ]*[,\-][ ]*\d+)*)\.?)
  | (?P<chord>\[(?P<inside>[^\[\]|\n]{{0,300}})\](?P<chord_length>{LENGTH}))
  | (?P<open_chord>\[(?P<unclosed>[A-Ga-g^_=,'\d/]{{1,40}})(?![\]]))
  | (?P<quoted>"(?P<words>[^"\n]*)")
  | (?P<decoration>!(?P<name>[^!\s|]+|D\.[CS]\.[^!|\n]*)!|\+(?P<old_name>[^+\s|\d]+)\+)
  | (?P<grace>\{{(?P<slash>/?)(?P<graces>[^{{}}|\n]{{0,300}})\}})
  | (?P<tuplet>\((?P<p>\d+)(?::(?P<q>\d*))?(?::(?P<r>\d*))?)
  | (?P<long_overlay>\(&|&\))
  | (?P<slur>\.?\()
  | (?P<slur_end>\))
  | (?P<rest>(?P<kind>[zxZX])(?P<rest_length>{LENGTH}))
  | (?P<tie>\.?-)
  | (?P<broken>>+|<+)
  | (?P<shorthand>[~.HLMOPSTuvJR])
  | (?P<overlay>&+)
  | (?P<spacer>y{LENGTH})
  | (?P<reserved>[*;?@!+])
  | (?P<stray_length>[\d/]+)
  | (?P<other>.)
    """,
    re.X,
)

CHORD_TOKEN = re.compile(
    rf"""
    (?P<note>(?P<accidental>\^[\^/]?|_[_/]?|=|\#)?(?P<letter>[A-Ga-g])(?P<sharp>\#?)(?P<marks>[,']*)(?P<length>{LENGTH})(?P<tie>\.?-?))
  | (?P<quoted>"(?P<words>[^"\n]*)")
  | (?P<decoration>!(?P<name>[^!\s|]+)!)
  | (?P<ignored>[ \t~.HLMOPSTuvJR()z`]\d*/*\d*)
  | (?P<other>.)
    """,
    re.X,
)

COMMENT = re.compile(r"(?<!\\)%")
CHORD_SYMBOL = re.compile(
    r"\(?(?:[A-G][#b♯♭]?(?:maj|min|mi|m|M|dim|aug|sus|add|dom|omit|no|alt|\+|-|°|o|ø|Δ|\d|[#b()]|,)*"
    r"(?:/[A-Ga-g][#b+-]*)?|N\.?C\.?)\)?"
)
FIELD_LINE = re.compile(r"[ \t]*([A-Za-z+]):(?![|:]|\[\|)(.*)", re.S)
