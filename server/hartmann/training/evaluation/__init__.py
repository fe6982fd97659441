"""The shipped mini models measured: the figures of the model card, one file a figure.

    python -m hartmann.training evaluate --work build/training --held-out ~/Pictures/never-trained-on

Pieces are made of held-out pictures with the pipeline's own stages (`studio`), in `--workers` processes, and kept in
the work folder under the revision of the weights; a second call works out the figures alone. What is measured stands in
`measuring`, the rows with their aims in `report`.
"""
