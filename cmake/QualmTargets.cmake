# Targets that follow the folders of src/.

add_library(qualm_options INTERFACE)
target_include_directories(qualm_options INTERFACE ${PROJECT_SOURCE_DIR}/src)
target_compile_definitions(qualm_options INTERFACE QUALM_VERSION="${PROJECT_VERSION}")
# g++ 12 is wrong about every "literal" + string (-Wrestrict, GCC bug 105651) and, at -O3, about the value
# of a std::expected that holds an error (-Wmaybe-uninitialized); the sanitizer builds look for the latter.
target_compile_options(qualm_options INTERFACE -Wall -Wextra -Wconversion -Wshadow
  $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict;-Wno-maybe-uninitialized> $<$<BOOL:${QUALM_WERROR}>:-Werror>)
if(QUALM_SANITIZE)
  target_compile_options(qualm_options INTERFACE -fsanitize=${QUALM_SANITIZE} -fno-omit-frame-pointer
                                                 -fno-sanitize-recover=all)
  target_link_options(qualm_options INTERFACE -fsanitize=${QUALM_SANITIZE})
endif()

# Every .cpp below the folder belongs to the target.
function(qualm_sources target folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${folder}/*.cpp)
  target_sources(${target} PRIVATE ${sources})
  target_link_libraries(${target} PRIVATE qualm_options)
endfunction()

# src/<name> as an object library; the rest are the libraries it includes headers of.
function(qualm_layer name)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.cpp)
  if(sources)
    add_library(qualm_${name} OBJECT ${sources})
    target_link_libraries(qualm_${name} PUBLIC qualm_options fmt::fmt ${ARGN})
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
