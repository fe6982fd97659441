"""The code that a folder in Keye-VL-8B-Preview's shape brings along, in miniature and of our own.

What the published folder has and others have not is here: a flat configuration named `Keye`, an `auto_map` with
`AutoModel` alone, a processor without `mm_token_type_ids`, an attention of its own that knows nothing of
transformers' registry. Its parts are those of transformers: Qwen3-VL's text model, PaddleOCR-VL's SigLIP-like tower.
"""
