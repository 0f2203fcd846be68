# find_package(palimpsest) for programs that link the library where it was built (README.md, "Use it as a library"). Finds
# what the folders' own CMakeLists.txt find, for those folders that are exported.
include(CMakeFindDependencyMacro)
find_dependency(fmt)
find_dependency(nlohmann_json)
find_dependency(Threads)
find_dependency(OpenMP COMPONENTS CXX)
find_dependency(JPEG)
find_dependency(TIFF)
find_dependency(PkgConfig)
pkg_check_modules(UTF8PROC REQUIRED IMPORTED_TARGET libutf8proc)
pkg_check_modules(CAIRO REQUIRED IMPORTED_TARGET cairo)
pkg_search_module(HDF5 REQUIRED IMPORTED_TARGET hdf5-serial hdf5)
include(${CMAKE_CURRENT_LIST_DIR}/palimpsest-targets.cmake)
