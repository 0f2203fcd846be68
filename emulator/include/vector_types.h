#pragma once
#include "simt/vectors.h"
