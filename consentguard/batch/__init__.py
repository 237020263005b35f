"""Many photos: `consentguard scan` over a folder, on one machine or a cluster, and the report of what came out.

walk (which files) -> journal (what is known already) -> engine (local processes or Ray) -> unit (one photo) -> report
"""
