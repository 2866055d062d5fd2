# The target qualm_jinja: llama.cpp's Jinja, from third_party/. It is not ours to warn about, so its
# headers count as the system's.
set(jinja ${PROJECT_SOURCE_DIR}/third_party/llama-jinja)
file(GLOB sources ${jinja}/jinja/*.cpp ${jinja}/*.cpp)
add_library(qualm_jinja OBJECT ${sources})
set_target_properties(qualm_jinja PROPERTIES UNITY_BUILD OFF)
target_include_directories(qualm_jinja SYSTEM PUBLIC ${jinja})
target_compile_options(qualm_jinja PRIVATE -w $<$<CONFIG:Release>:-O1>)
target_link_libraries(qualm_jinja PRIVATE qualm_llama nlohmann_json::nlohmann_json)
# Its JSON aborts where ours does not: this gives it another inline namespace, so that the linker
# cannot take one's functions for the other's.
set_source_files_properties(${jinja}/json.cpp PROPERTIES
  COMPILE_DEFINITIONS JSON_USE_LEGACY_DISCARDED_VALUE_COMPARISON=1)
if(QUALM_SANITIZE)
  target_compile_options(qualm_jinja PRIVATE -fsanitize=${QUALM_SANITIZE} -fno-omit-frame-pointer)
endif()
# libqualm.a holds it too.
set_property(GLOBAL APPEND PROPERTY QUALM_LAYERS qualm_jinja)
