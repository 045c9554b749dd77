"""Which words no tag may hold: religion, illness, politics and the like are not collected (handbook §6.6)."""

from __future__ import annotations

import unicodedata

SENSITIVE = (
    # religion
    "religi", "christian", "muslim", "buddhis", "宗教", "信教", "基督", "天主教", "穆斯林", "伊斯兰", "伊斯蘭",
    "佛教", "道教", "教徒",
    # illness and body
    "disease", "illness", "cancer", "hiv", "aids", "disab", "pregnan", "mental", "病", "癌", "艾滋", "愛滋",
    "残疾", "殘疾", "残障", "殘障", "精神", "怀孕", "懷孕", "医疗", "醫療",
    # politics, ethnicity, petitions
    "politic", "communist", "ethnic", "minority", "petition", "政治", "党员", "黨員", "民族", "上访", "上訪",
    "信访", "信訪",
    # sex life, biometrics, criminal record
    "sexual", "gay", "lesbian", "fingerprint", "criminal", "prison", "性取向", "同性恋", "同性戀", "指纹",
    "指紋", "人脸", "人臉", "犯罪", "坐牢", "前科",
)  # fmt: skip


def sensitive_word(text: str) -> str:
    """The first sensitive word inside a text, or nothing."""
    plain = unicodedata.normalize("NFKC", text).casefold()
    return next((word for word in SENSITIVE if word in plain), "")
