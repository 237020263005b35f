"""Recognition by vectors: templates, matching, calibration. Touches no pixel."""
