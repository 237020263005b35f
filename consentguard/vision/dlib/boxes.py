from consentguard.values import Box, Face


def dlib_box(face: Face) -> Box:
    return face.box
