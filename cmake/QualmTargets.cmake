# Targets that follow the folders of src/.

add_library(qualm_options INTERFACE)
target_include_directories(qualm_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(qualm_options INTERFACE QUALM_VERSION="${PROJECT_VERSION}")
# g++ 12 is wrong about every "literal" + string (-Wrestrict and, from a precompiled header,
# -Wstringop-overflow, -overread and -Warray-bounds: GCC bug 105651) and, at -O3, about the value of a
# std::expected that holds an error (-Wmaybe-uninitialized). The sanitizer builds look for all of it.
target_compile_options(qualm_options INTERFACE -Wall -Wextra -Wconversion -Wshadow
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-stringop-overflow;-Wno-stringop-overread;-Wno-array-bounds;-Wno-maybe-uninitialized>
  $<$<BOOL:${QUALM_WERROR}>:-Werror>)
# g++ spends up to a fifth of its time on collecting garbage that 500 MB would have room for.
target_compile_options(qualm_options INTERFACE
  "$<$<CXX_COMPILER_ID:GNU>:SHELL:--param ggc-min-heapsize=786432>")
# Left out: an access by a null pointer or beyond an object, which AddressSanitizer reports as well.
if(QUALM_SANITIZE)
  target_compile_options(qualm_options INTERFACE -fsanitize=${QUALM_SANITIZE} -fno-omit-frame-pointer
    -fno-sanitize-recover=all -fno-sanitize=null,object-size)
  target_link_options(qualm_options INTERFACE -fsanitize=${QUALM_SANITIZE})
endif()

# Every .cpp below the folder belongs to the target.
function(qualm_sources target folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  target_sources(${target} PRIVATE ${sources})
  target_link_libraries(${target} PRIVATE qualm_options)
endfunction()

# What most files include is compiled once: half of the compiler's time went into it. Loading it
# costs a file half a second where JSON is in it and a tenth where it is not. All users of one
# precompiled header are compiled at one level of optimization.
function(qualm_precompile target)
  get_target_property(options ${target} COMPILE_OPTIONS)
  string(MD5 key "${options};${ARGN}")
  get_property(first GLOBAL PROPERTY QUALM_PRECOMPILED_${key})
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    set_property(GLOBAL PROPERTY QUALM_PRECOMPILED_${key} ${target})
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# src/<name> as an object library; the rest are the libraries it includes headers of. The layers
# that read every weight or logit are optimized for speed, the others for the compiler's time.
set(QUALM_HOT base numeric codec assemble weights engine evaluate)
function(qualm_layer name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  if(sources)
    add_library(qualm_${name} OBJECT ${sources})
    target_link_libraries(qualm_${name} PUBLIC qualm_options fmt::fmt ${ARGN})
    if(NOT name IN_LIST QUALM_HOT)
      target_compile_options(qualm_${name} PRIVATE $<$<CONFIG:Release>:-O1>)
    endif()
    target_compile_options(qualm_${name} PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
    set(precompiled <algorithm> <array> <cmath> <cstdint> <map> <memory> <optional> <set> <span>
      <string> <string_view> <utility> <variant> <vector> <fmt/format.h>)
    if("nlohmann_json::nlohmann_json" IN_LIST ARGN)
      list(APPEND precompiled <filesystem> <fmt/ranges.h> <nlohmann/json.hpp>)
    endif()
    qualm_precompile(qualm_${name} ${precompiled})
  else()
    add_library(qualm_${name} INTERFACE)
    target_link_libraries(qualm_${name} INTERFACE qualm_options fmt::fmt ${ARGN})
  endif()
  set_property(GLOBAL APPEND PROPERTY QUALM_LAYERS qualm_${name})
endfunction()

# libqualm.a: all layers as one static library.
function(qualm_library)
  get_property(layers GLOBAL PROPERTY QUALM_LAYERS)
  add_library(libqualm STATIC)
  set_target_properties(libqualm PROPERTIES OUTPUT_NAME qualm LINKER_LANGUAGE CXX)
  target_link_libraries(libqualm PUBLIC ${layers})
  foreach(layer IN LISTS layers)
    get_target_property(type ${layer} TYPE)
    if(type STREQUAL OBJECT_LIBRARY)
      target_sources(libqualm PRIVATE $<TARGET_OBJECTS:${layer}>)
    endif()
  endforeach()
endfunction()
