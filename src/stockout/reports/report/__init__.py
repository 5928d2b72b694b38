"""The report: one document about stockouts, gathered once and written as html, xlsx, md or json.

- :mod:`.facts` and :mod:`.gather` call the verbs and keep what they found;
- :mod:`.sections` arrange it as blocks (:mod:`.blocks`) without formatting anything;
- :mod:`.html`, :mod:`.xlsx`, :mod:`.markdown` and :mod:`.plain` write the blocks, in the words and
  number formats of a language (:mod:`.language`).
"""
