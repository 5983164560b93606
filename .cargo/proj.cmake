# PROJ's sources in a few large files: most of its building is reading the same headers again.
set(CMAKE_UNITY_BUILD ON CACHE BOOL "")
