# palimpsest_folder(NAME [DEPENDS targets...] [PRIVATE targets...] [HEADERS <header>...] [LEVEL -On]): one static library
# from a folder's .cpp files. Without a .cpp file the folder is header-only. HEADERS: heavy third-party headers that
# most of its files include; they are precompiled. LEVEL: the optimisation of a Release build, if not -O2; -O1, for
# code that compiles longer than it runs, becomes -O0 under sanitizers.
function(palimpsest_folder name)
  cmake_parse_arguments(arg "" "LEVEL" "DEPENDS;PRIVATE;HEADERS" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  set(target palimpsest_${name})
  if(NOT arg_LEVEL)
    set(arg_LEVEL -O2)
  endif()
  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE} palimpsest_warnings)
    target_compile_options(${target} PRIVATE $<$<AND:$<COMPILE_LANGUAGE:CXX>,$<CONFIG:Release>>:${arg_LEVEL}>)
    if(PALIMPSEST_SANITIZE AND arg_LEVEL STREQUAL "-O1")
      target_compile_options(${target} PRIVATE -O0)
    endif()
    if(PALIMPSEST_FUZZ AND NOT name STREQUAL "cpu")  # its loops read no files
      target_compile_options(${target} PRIVATE -fsanitize=fuzzer-no-link)
    endif()
    list(LENGTH sources count)
    if(count GREATER 3)  # with fewer files precompiling does not pay off
      target_precompile_headers(${target} PRIVATE ${palimpsest_common_headers} ${arg_HEADERS})
    endif()
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} INTERFACE ${arg_DEPENDS})
  endif()
endfunction()

# Precompiled once per folder. Every file still includes what it uses: scripts/tidy runs without this
# (CMAKE_DISABLE_PRECOMPILE_HEADERS).
set(palimpsest_common_headers <algorithm> <array> <cmath> <cstdint> <filesystem> <fmt/format.h> <functional> <map> <memory>
    <optional> <set> <span> <string> <string_view> <utility> <vector>)

# Warnings are errors in our own code. Fast-math is never on: NaN must stay visible.
add_library(palimpsest_warnings INTERFACE)
set(warnings -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror
  # gcc 12 warns of std::string + (its bug 105651).
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  # libstdc++ 12's own std::stable_sort calls a deprecated function; a loop marked simd may stay scalar.
  "$<$<CXX_COMPILER_ID:Clang>:-Wno-deprecated-declarations;-Wno-pass-failed>")
target_compile_options(palimpsest_warnings INTERFACE "$<$<COMPILE_LANGUAGE:CXX>:${warnings}>")

find_package(OpenMP REQUIRED)
find_package(fmt REQUIRED)
find_package(nlohmann_json REQUIRED)

if(PALIMPSEST_SANITIZE)
  list(JOIN PALIMPSEST_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${sanitizers})
  # With sanitizers gcc 12 takes libstdc++'s <regex> for uninitialised (its bug 105562).
  target_compile_options(palimpsest_warnings INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
