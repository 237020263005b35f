"""face_recognition's face descriptor without dlib.

face_recognition's weights are in the public domain; dlib, which reads them, is a compiler run and 65 ms a face. This
package reads the two files itself: `packed` knows how dlib writes numbers, `network` turns the descriptor network into
an ONNX graph (written by `onnx_writer`, run by whoever runs models), `landmarks` finds five points in a face's box,
`chip` cuts and straightens the 150 x 150 picture that the network looks at, and `boxes` maps our detector's boxes to
the convention those points were trained on. Numbers are those of face_recognition 1.3.0, to 1e-3 and better; tests and
`benchmarks/parity.py` say so.
"""
