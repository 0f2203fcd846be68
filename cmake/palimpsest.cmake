# palimpsest_folder(NAME [DEPENDS targets...] [PRIVATE targets...]): one static library from a folder's .cpp files.
# Without a .cpp file the folder is headers only.
function(palimpsest_folder name)
  cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  set(target palimpsest_${name})
  if(sources)
    add_library(${target} STATIC ${sources})
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE} palimpsest_warnings)
  else()
    add_library(${target} INTERFACE)
    target_include_directories(${target} INTERFACE ${PROJECT_SOURCE_DIR})
    target_link_libraries(${target} INTERFACE ${arg_DEPENDS})
  endif()
endfunction()

# Warnings are errors in our own code. Fast-math is never on: NaN must stay visible.
add_library(palimpsest_warnings INTERFACE)
target_compile_options(palimpsest_warnings INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Werror
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)  # gcc 12 warns of std::string + (its bug 105651)

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
