"""Dressing a body: fit garments, hide what they cover, collect everything into a `Figure`."""

from functools import lru_cache
import numpy as np
from reid.synth import body as anatomy
from reid.synth.figure import *
from reid.synth.figure import Builder, Figure, material_rows, plain_textile, SKIN
from reid.synth.makehuman import BONE
from reid.synth.people import Person
from reid.synth.pieces import sheet
from reid.synth.pose import Skeleton
from reid.synth.scene import *

DEMO=[]
@lru_cache(maxsize=64)
def figure_of(person: Person) -> Figure:
    base=anatomy.morph(person.shape)
    joints=anatomy.joint_positions(base)
    b=Builder(joints,.1)
    skin=b.material(material_rows(plain_textile(person.looks.skin),SKIN))
    s=sheet('body',base)
    b.add(s,skin,HEAD,0)
    for i,g in enumerate(person.garments):
        m=b.material(material_rows(g.textile,0,fold=i%6))
        b.add(sheet(g.cut,base),m,UPPER,2 if i==0 else 1)
    v,f,mat=b.arrays()
    feet=np.flatnonzero((anatomy.base_chart().along>1.0)&(anatomy.base_chart().region>=3)&(anatomy.base_chart().region<=4)&(np.arange(len(base))<13380))
    low=feet[np.argsort(base[feet,1])[::15]]
    from reid.synth.makehuman import load
    bones=load().skin_bones[low,0]
    return Figure(v,f,mat,Skeleton(joints,anatomy.tail_positions(base)),.1,(base[low],bones),{},(1,),anatomy.stature_cm(base)/100)
